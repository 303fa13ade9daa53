# What is needed to install stays behind. What runs is not root, and writes to /data and /tmp only.
FROM python:3.11-slim AS build
WORKDIR /relay
RUN python -m venv /venv
COPY requirements/runtime.txt requirements/runtime.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt

FROM build AS build-sandbox
COPY requirements/sandbox.txt requirements/sandbox.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/sandbox.txt

FROM python:3.11-slim AS base
RUN useradd --create-home --uid 10001 relay && install -d -m 700 -o relay /data
WORKDIR /relay
ENV PATH=/venv/bin:$PATH PYTHONPATH=/relay PYTHONUNBUFFERED=1 RELAY_DATA_DIR=/data

# The vendors, played: docker build --target sandbox
FROM base AS sandbox
COPY --from=build-sandbox /venv /venv
COPY config/answers.sh config/answers.sh
COPY sandbox sandbox
RUN python -m compileall -q sandbox
USER relay

FROM base AS relay
COPY --from=build /venv /venv
COPY pyproject.toml pyproject.toml
COPY config config
COPY worker worker
COPY tasks tasks
RUN python -m compileall -q config worker tasks
RUN printf '#!/venv/bin/python\nfrom worker.cli import main\n\nmain()\n' > /venv/bin/chargerelay \
  && chmod +x /venv/bin/chargerelay
USER relay
VOLUME /data
