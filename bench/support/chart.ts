import { GOALS, type Goal, type Measured, meets, merit } from "./goals.ts";
import { type Context, figure, goalText } from "./report.ts";

const ROW = 22;
const LEFT = 390;
const WIDTH = 260;
const RIGHT = 150;
/** The furthest that a bar goes to either side of the goal: 8 times as good, or as bad. */
const DOUBLINGS = 3;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .faint { fill: #59636e } .goal { stroke: #59636e; stroke-dasharray: 3 3 }
  .met { fill: #2da44e } .missed { fill: #bf8700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .goal { stroke: #9198a1 }
    .met { fill: #3fb950 } .missed { fill: #d29922 }
  }`;

/** An SVG chart, for light and dark pages: a bar a row, to the right of its goal as far as it is better, in doublings. */
export function chartOf(measured: readonly Measured[], { version, mode, machine }: Context): string {
  const height = ROW * (measured.length + 2) + 8;
  const middle = LEFT + WIDTH / 2;
  const bars = measured.map(({ id, value }, index) => {
    const goal: Goal = GOALS[id];
    const y = ROW * (index + 1) + 8;
    const doublings = Math.max(-DOUBLINGS, Math.min(DOUBLINGS, Math.log2(merit(goal, value))));
    const length = Math.max(2, (Math.abs(doublings) * WIDTH) / 2 / DOUBLINGS);
    const x = doublings < 0 ? middle - length : middle;
    return [
      `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${escapeXml(goal.what)}</text>`,
      `<rect class="${meets(goal, value) ? "met" : "missed"}" x="${x}" y="${y + 4}" width="${length}" height="14" rx="2"/>`,
      `<text x="${LEFT + WIDTH + 8}" y="${y + 15}">${figure(value, goal.unit)} <tspan class="faint">${goalText(goal)}</tspan></text>`,
    ].join("");
  });
  const note = `mcp-task-server ${version}, ${mode} run on ${machine.processor.trim()}, ${machine.cores} cores`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + RIGHT}" height="${height}" role="img" aria-label="What was measured, against its goals">
<style>${STYLE}
</style>
<text class="faint" x="${middle - 8}" y="18" text-anchor="end">← short of the goal</text><text class="faint" x="${middle + 8}" y="18">better →</text>
<line class="goal" x1="${middle}" x2="${middle}" y1="24" y2="${height - ROW}"/>
${bars.join("\n")}
<text class="faint" x="8" y="${height - 6}">${escapeXml(note)}</text>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
