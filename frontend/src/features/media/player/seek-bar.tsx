import { type PointerEvent, useState } from "react";

import { formatClock } from "@/lib/format";
import { t } from "@/lib/text";
import type { Playback } from "../api";
import { type Still, stillAt } from "./storyboard";
import type { FilmState } from "./use-film";

type Props = { film: FilmState; stills: Still[]; chapters: Playback["chapters"]; onSeek: (seconds: number) => void };

/** A still of the film at a moment, cut out of its sheet. */
function Preview({ still, at, left, title }: { still: Still | undefined; at: number; left: number; title: string | undefined }) {
  return (
    <div className="pointer-events-none absolute bottom-full mb-2 flex -translate-x-1/2 flex-col items-center gap-1" style={{ left: `clamp(5rem, ${left}%, calc(100% - 5rem))` }} data-testid="seek-preview">
      {still && (
        <div
          className="overflow-hidden rounded border border-line bg-black"
          style={{ width: still.width, height: still.height, backgroundImage: `url("${still.url}")`, backgroundPosition: `-${still.x}px -${still.y}px` }}
        />
      )}
      <span className="rounded bg-black/80 px-1.5 py-0.5 text-xs text-white tabular-nums">
        {title ? `${title} · ` : ""}
        {formatClock(at)}
      </span>
    </div>
  );
}

/** Where the film is, how much of it is loaded, where its chapters begin, and what it looks like under the pointer. */
export function SeekBar({ film, stills, chapters, onSeek }: Props) {
  const [hovered, setHovered] = useState<number | null>(null);
  const share = (seconds: number) => (film.length ? Math.min(100, (100 * seconds) / film.length) : 0);
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setHovered(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * film.length);
  };
  const chapterAt = (seconds: number) => chapters.findLast((chapter) => chapter.start_s <= seconds)?.title;
  return (
    <div className="relative flex h-6 items-center" onPointerMove={move} onPointerLeave={() => setHovered(null)} data-testid="seek-bar">
      {hovered !== null && film.length > 0 && <Preview still={stillAt(stills, hovered)} at={hovered} left={share(hovered)} title={chapterAt(hovered)} />}
      <div className="relative h-1.5 w-full overflow-hidden rounded-full bg-sunken" aria-hidden>
        <div className="absolute inset-y-0 left-0 bg-muted/40" style={{ width: `${share(film.buffered)}%` }} />
        <div className="absolute inset-y-0 left-0 bg-accent" style={{ width: `${share(film.at)}%` }} />
        {chapters.slice(1).map((chapter) => (
          <div key={chapter.start_s} className="absolute inset-y-0 w-0.5 bg-panel" style={{ left: `${share(chapter.start_s)}%` }} />
        ))}
      </div>
      <input
        type="range"
        aria-label={t`Position`}
        aria-valuetext={t`${formatClock(film.at)} of ${formatClock(film.length)}`}
        min={0}
        max={film.length || 1}
        step={0.1}
        value={film.at}
        onChange={(event) => onSeek(Number(event.target.value))}
        className="absolute inset-0 w-full cursor-pointer appearance-none bg-transparent accent-accent [&::-webkit-slider-thumb]:size-3.5 [&::-webkit-slider-thumb]:appearance-none [&::-webkit-slider-thumb]:rounded-full [&::-webkit-slider-thumb]:bg-accent"
      />
    </div>
  );
}
