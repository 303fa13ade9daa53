"""The charts of docs/images, drawn from results.json and from nothing else."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import backlog, latency
from benchmarks.case import OURS
from benchmarks.processes import ROOT
from benchmarks.results import Part, Results, Row
from benchmarks.shelf import POSTGRES, SQLITE

FOLDER = ROOT / "docs" / "images"
SIZE_INCHES = (8, 4.5)
OTHERS = "#9aa5b1"
FIRST = "#1f6feb"


def draw(results: Results, folder: Path = FOLDER) -> list[Path]:
    """Write those whose workloads have been measured; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for workload, file, title, fill in (
        ("latency", "latency.png", "From publication to the vendor, vendor at 20 ms", _latency),
        (
            "backlog",
            "backlog.png",
            "Drain rate by backlog, one worker, one request a record, vendor at 20 ms",
            _backlog,
        ),
        (
            "push",
            "peers.png",
            "Charge records, one request each, vendor at 20 ms: medians, min to max",
            _peers,
        ),
    ):
        if workload in results:
            figure = Figure(figsize=SIZE_INCHES, layout="constrained")
            figure.suptitle(title)
            fill(figure.add_subplot(), results[workload])
            figure.savefig(folder / file, dpi=120, metadata={"Software": None})
            drawn.append(folder / file)
    return drawn


def _latency(axes: Axes, part: Part) -> None:
    """p50 and p95 of each contender over the offered rate."""
    for number, contender in enumerate(dict.fromkeys(row.contender for row in part.rows)):
        for measure, style in (("p95", "-o"), ("p50", "--o")):
            found = [part.find(contender, latency.setting(r), measure) for r in latency.RATES]
            points = [
                (rate, row.median)
                for rate, row in zip(latency.RATES, found, strict=True)
                if row is not None and row.median is not None
            ]
            rates, values = [rate for rate, _ in points], [value for _, value in points]
            axes.plot(rates, values, style, color=f"C{number}", label=f"{contender}, {measure}")
    axes.set(
        xlabel="offered, records/s",
        ylabel="ms",
        xscale="log",
        yscale="log",
    )
    axes.set_xticks(latency.RATES, [str(rate) for rate in latency.RATES])
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _backlog(axes: Axes, part: Part) -> None:
    """The drain rate over the number of reports that wait, per database."""
    for database in (SQLITE, POSTGRES):
        rows = {w: part.find(OURS, backlog.setting(database, w), "rate") for w in backlog.WAITING}
        points = {w: row for w, row in rows.items() if row is not None and row.values}
        middles = [row.median or 0.0 for row in points.values()]
        axes.errorbar(
            list(points),
            middles,
            yerr=_spread(list(points.values())),
            marker="o",
            capsize=4,
            label=database,
        )
    axes.set(
        xlabel="reports waiting",
        ylabel="records/s",
        xscale="log",
    )
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.grid(alpha=0.3)
    axes.legend()


def _peers(axes: Axes, part: Part) -> None:
    """The rate of each contender, vendor at 20 ms."""
    rows = [r for r in part.rows if (r.setting, r.measure) == ("20 ms", "rate") and r.values]
    rows.reverse()
    middles = [row.median or 0.0 for row in rows]
    colours = [FIRST if row.contender.startswith(OURS) else OTHERS for row in rows]
    names = [row.contender for row in rows]
    axes.barh(names, middles, xerr=_spread(rows), color=colours, capsize=3)
    axes.set(
        xlabel="records/s",
    )
    axes.grid(axis="x", alpha=0.3)


def _spread(rows: list[Row]) -> list[list[float]]:
    """How far the least and the most are from the median."""
    below = [(row.median or 0.0) - min(row.values) for row in rows]
    above = [max(row.values) - (row.median or 0.0) for row in rows]
    return [below, above]
