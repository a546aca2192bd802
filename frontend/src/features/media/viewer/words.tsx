import { useQuery } from "@tanstack/react-query";

const HOURS_MS = 3_600_000;
const WIDE = 1_000;

type Run = [x: number, y: number, width: number, height: number, text: string];

/** What is written on a page, invisible over its picture, so that it can be marked and copied; `wanted` is lit up. */
export function Words({ url, ratio, wanted }: { url: string; ratio: number; wanted: string }) {
  const words = useQuery({ queryKey: ["words", url.split("?")[0]], queryFn: async () => (await (await fetch(url)).json()) as Run[], staleTime: HOURS_MS, retry: false });
  const tall = WIDE / ratio;
  const low = wanted.trim().toLowerCase();
  return (
    <svg viewBox={`0 0 ${WIDE} ${tall}`} preserveAspectRatio="none" className="absolute inset-0 size-full" data-testid="words">
      {words.data?.map(([x, y, width, height, text], index) => (
        <g key={index}>
          {low && text.toLowerCase().includes(low) && <rect x={x * WIDE} y={y * tall} width={width * WIDE} height={height * tall} className="fill-accent/30" />}
          <text x={x * WIDE} y={(y + height * 0.8) * tall} fontSize={Math.max(1, height * tall)} textLength={width * WIDE} lengthAdjust="spacingAndGlyphs" className="fill-transparent select-text">
            {text}
          </text>
        </g>
      ))}
    </svg>
  );
}
