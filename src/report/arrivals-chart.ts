import { init } from '../bundled/echarts.ts';

/** Operations counted in equal bins from the first one on, as planned and as they arrived. */
export interface ArrivalsPanel {
  title: string;
  binMs: number;
  planned: readonly number[];
  actual: readonly number[];
}

const WIDTH_PX = 900;
const PANEL_PX = 200;
const GAP_PX = 64;
const TOP_PX = 84;
const PLANNED_COLOR = '#9db7d5';
const ACTUAL_COLOR = '#d9480f';

/** Draws planned against actual arrivals, one panel a replay, all panels on one time axis. Returns an SVG document. */
export function renderArrivalsChart(title: string, panels: readonly ArrivalsPanel[]): string {
  const heightPx = TOP_PX + panels.length * (PANEL_PX + GAP_PX);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height: heightPx });
  const endS = Math.max(1, ...panels.map((panel) => (binCount(panel) * panel.binMs) / 1000));
  const tops = panels.map((_, i) => TOP_PX + i * (PANEL_PX + GAP_PX));
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'DejaVu Sans, Verdana, sans-serif' },
    title: [
      { text: title, left: 16, top: 8, textStyle: { fontSize: 16 } },
      ...panels.map((panel, i) => ({
        text: `${panel.title}: operations per ${panel.binMs} ms`,
        left: 56,
        top: (tops[i] ?? 0) - 28,
        textStyle: { fontSize: 12 },
      })),
    ],
    legend: { right: 24, top: 10, icon: 'rect', itemHeight: 8, data: ['planned', 'actual'] },
    grid: tops.map((top) => ({ left: 56, right: 24, top, height: PANEL_PX })),
    xAxis: panels.map((_, i) => ({
      type: 'value',
      gridIndex: i,
      min: 0,
      max: Math.ceil(endS),
      name: i === panels.length - 1 ? 'seconds since the first operation' : '',
      nameLocation: 'middle',
      nameGap: 26,
    })),
    yAxis: panels.map((_, i) => ({ type: 'value', gridIndex: i })),
    series: panels.flatMap((panel, i) => [plannedSeries(panel, i), actualSeries(panel, i)]),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function plannedSeries(panel: ArrivalsPanel, axis: number) {
  return {
    ...stepSeries('planned', PLANNED_COLOR, points(panel.planned, panel), axis),
    lineStyle: { width: 0 },
    areaStyle: { color: PLANNED_COLOR, opacity: 0.9 },
  };
}

function actualSeries(panel: ArrivalsPanel, axis: number) {
  return {
    ...stepSeries('actual', ACTUAL_COLOR, points(panel.actual, panel), axis),
    lineStyle: { width: 1.4 },
  };
}

function stepSeries(name: string, color: string, data: [number, number][], axis: number) {
  return {
    type: 'line' as const,
    name,
    step: 'end' as const,
    showSymbol: false,
    itemStyle: { color },
    xAxisIndex: axis,
    yAxisIndex: axis,
    data,
  };
}

function binCount(panel: ArrivalsPanel): number {
  return Math.max(panel.planned.length, panel.actual.length);
}

function points(counts: readonly number[], panel: ArrivalsPanel): [number, number][] {
  return Array.from({ length: binCount(panel) + 1 }, (_, bin) => [
    (bin * panel.binMs) / 1000,
    counts[bin] ?? 0,
  ]);
}
