"""All played vendors behind one port, each under its own path prefix."""

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from sandbox import control
from sandbox.played import Played
from sandbox.tls import Tls

_KEEPALIVE_S = 3600
_STOP_WITHIN_S = 0.2
_BACKLOG = 1024


def application(vendors: Mapping[str, Played]) -> web.Application:
    """The web application that plays these vendors."""

    async def dispatch(request: web.Request) -> web.StreamResponse:
        name, slash, rest = request.path[1:].partition("/")
        path = slash + rest
        if name == control.PREFIX:
            return await control.serve(request, path, vendors)
        played = vendors.get(name)
        if played is None:
            message = f"no vendor {name!r}; there are {', '.join(vendors)}"
            return web.json_response({"message": message}, status=404)
        return await played.serve(request, path)

    async def end_calls(app: web.Application) -> None:
        for played in vendors.values():
            await played.system.outgoing.close()

    app = web.Application()
    app.on_cleanup.append(end_calls)
    app.router.add_route("*", "/{path:.*}", dispatch)
    return app


async def serve_until(
    stop: asyncio.Event,
    vendors: Mapping[str, Played],
    host: str,
    port: int,
    announce: Callable[[str], None],
    tls: Tls | None = None,
) -> None:
    """Serve until `stop` is set; each URL is announced once it can be called, plain HTTP first.

    Port 0 takes any free port. With `tls` the same vendors are served on a second port, too.

    Raises:
        OSError: the address cannot be had.
    """
    runner = web.AppRunner(
        application(vendors),
        access_log=None,
        keepalive_timeout=_KEEPALIVE_S,
        shutdown_timeout=_STOP_WITHIN_S,
    )
    await runner.setup()
    try:
        shown_host = f"[{host}]" if ":" in host else host
        await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        announce(f"http://{shown_host}:{runner.addresses[0][1]}")
        if tls is not None:
            site = web.TCPSite(runner, host, tls.port, backlog=_BACKLOG, ssl_context=tls.context)
            await site.start()
            announce(f"https://{shown_host}:{runner.addresses[-1][1]}")
        await stop.wait()
    finally:
        await runner.cleanup()
