import { useMemo } from "react";

import { t } from "@/lib/text";
import { useWaveform } from "../api";
import type { FilmState } from "./use-film";

const HEIGHT = 128;
const LOUDEST = 128;

/** The loudness of a sound file over its length; what has been heard is in the accent colour. A click goes there. */
export function Waveform({ fileId, film, onSeek }: { fileId: string; film: FilmState; onSeek: (seconds: number) => void }) {
  const waveform = useWaveform(fileId, true);
  const peaks = waveform.data?.peaks;
  const path = useMemo(() => {
    if (!peaks) return "";
    const bars = [];
    for (let at = 0; at + 1 < peaks.length; at += 2) {
      const [low, high] = [peaks[at] ?? 0, peaks[at + 1] ?? 0];
      bars.push(`M${at / 2} ${((LOUDEST - high) / 2).toFixed(1)}V${(((LOUDEST - low) / 2) + 0.5).toFixed(1)}`);
    }
    return bars.join("");
  }, [peaks]);
  if (!peaks) return null;
  const heard = film.length ? (100 * film.at) / film.length : 0;
  return (
    <svg
      role="img"
      aria-label={t`Waveform`}
      data-testid="waveform"
      viewBox={`0 0 ${peaks.length / 2} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-32 w-full cursor-pointer"
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onSeek(((event.clientX - box.left) / box.width) * film.length);
      }}
    >
      <path d={path} strokeWidth={1} vectorEffect="non-scaling-stroke" className="fill-none stroke-muted" />
      <path d={path} strokeWidth={1} vectorEffect="non-scaling-stroke" className="fill-none stroke-accent" style={{ clipPath: `inset(0 ${100 - heard}% 0 0)` }} />
    </svg>
  );
}
