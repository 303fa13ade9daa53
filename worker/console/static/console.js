"use strict";
// The lanes are asked for anew every few seconds, the charts every ten: no build, no framework.
const EVERY_MS = 5000;
const COLOURS = ["#206bc4", "#2fb344", "#f76707", "#ae3ec9", "#d63939", "#0ca678", "#f59f00", "#4263eb"];
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });
const charts = document.querySelector(".charts");
const plots = new Map();
let over = 900;

async function refreshLanes() {
  const answer = await fetch(location.href, { redirect: "manual", signal: AbortSignal.timeout(6 * EVERY_MS) });
  if (answer.type === "opaqueredirect") return location.reload(); // the login has ended
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("live").replaceWith(page.getElementById("live"));
}

async function refreshOrSay() {
  const old = document.getElementById("old");
  await refreshLanes().then(() => (old.hidden = true), () => (old.hidden = false));
}

function size(element) {
  return { width: Math.max(240, element.clientWidth), height: 220 };
}

function options(element, vendors, unit) {
  const value = (_, shown) => (shown == null ? "–" : shown.toLocaleString("en", { maximumFractionDigits: 1 }) + unit);
  return {
    ...size(element),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Asia/Shanghai"), // as everywhere on the page
    cursor: { sync: { key: "charts" } },
    scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 0) * 1.1)] } },
    axes: [{ values: (_, splits) => splits.map((seconds) => clock.format(seconds * 1e3)) }, { size: 56 }],
    series: [
      { label: "time", value: "{HH}:{mm}:{ss}" },
      ...vendors.map((label, n) => ({ label, value, stroke: COLOURS[n % COLOURS.length], width: 2, points: { size: 4 } })),
    ],
  };
}

async function refreshCharts() {
  const answer = await fetch(`${charts.dataset.history}?over=${over}`, { redirect: "manual" });
  if (!answer.ok) return;
  const history = await answer.json();
  for (const element of charts.querySelectorAll(".chart")) {
    const series = history[element.dataset.series];
    const vendors = Object.keys(series).sort();
    const points = [history.at, ...vendors.map((vendor) => series[vendor])];
    const known = plots.get(element);
    if (known && known.vendors.join() === vendors.join()) {
      known.plot.setData(points);
      continue;
    }
    known?.plot.destroy();
    plots.set(element, { vendors, plot: new uPlot(options(element, vendors, element.dataset.unit), points, element) });
  }
  charts.dataset.drawn = String(over);
}

function again(refresh, everyMs) {
  const next = () => setTimeout(async () => {
    if (!document.hidden) await refresh().catch((fault) => console.warn(fault));
    next();
  }, everyMs);
  next();
}

for (const button of document.querySelectorAll(".spans button")) {
  button.addEventListener("click", () => {
    document.querySelector(".spans .active")?.classList.remove("active");
    button.classList.add("active");
    over = Number(button.dataset.over);
    refreshCharts();
  });
}
addEventListener("resize", () => plots.forEach(({ plot }, element) => plot.setSize(size(element))));
refreshCharts();
again(refreshOrSay, EVERY_MS);
again(refreshCharts, 2 * EVERY_MS);
