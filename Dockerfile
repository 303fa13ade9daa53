# Two stages: what is needed to install stays behind; what runs is not root.
FROM python:3.11-slim AS build
WORKDIR /relay
RUN python -m venv /venv
COPY requirements/runtime.txt requirements/runtime.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 relay && mkdir -p /data && chown relay /data
COPY --from=build /venv /venv
WORKDIR /relay
COPY config config
COPY worker worker
COPY tasks tasks
RUN printf '#!/venv/bin/python\nfrom worker.cli import main\n\nmain()\n' > /venv/bin/chargerelay \
  && chmod +x /venv/bin/chargerelay
ENV PATH=/venv/bin:$PATH PYTHONPATH=/relay PYTHONUNBUFFERED=1 RELAY_DATA_DIR=/data
USER relay
VOLUME /data
