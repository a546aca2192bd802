import { Captions, CaptionsOff, Maximize, Pause, PictureInPicture2, Play, Volume2, VolumeX } from "lucide-react";
import type { RefObject } from "react";

import { formatClock } from "@/lib/format";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { toggleFullscreen, togglePicture, togglePlay } from "./shortcuts";
import type { FilmState } from "./use-film";
import type { Choice, HlsState } from "./use-hls";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];

type PickProps = { label: string; value: number; choices: Choice[]; onChoose: (value: number) => void };

function Pick({ label, value, choices, onChoose }: PickProps) {
  return (
    <select aria-label={label} title={label} value={value} onChange={(event) => onChoose(Number(event.target.value))} className="h-8 max-w-32 rounded-md border border-line bg-panel px-1.5 text-xs text-text">
      {choices.map(({ index, label: name }) => (
        <option key={index} value={index}>
          {name}
        </option>
      ))}
    </select>
  );
}

type Props = { film: FilmState; hls: HlsState; video: RefObject<HTMLVideoElement | null>; box: RefObject<HTMLElement | null>; hasPicture: boolean; onCaptions: () => void };

/** All that can be done with a film besides seeking. */
export function Controls({ film, hls, video, box, hasPicture, onCaptions }: Props) {
  const act = (verb: (element: HTMLVideoElement) => void) => () => {
    if (video.current) verb(video.current);
  };
  return (
    <div className="flex flex-wrap items-center gap-1">
      <IconButton label={film.isPlaying ? t`Pause (K)` : t`Play (K)`} onClick={act(togglePlay)}>
        {film.isPlaying ? <Pause className="size-5" /> : <Play className="size-5" />}
      </IconButton>
      <IconButton label={film.isMuted ? t`Sound on (M)` : t`Mute (M)`} onClick={act((element) => (element.muted = !element.muted))}>
        {film.isMuted ? <VolumeX className="size-5" /> : <Volume2 className="size-5" />}
      </IconButton>
      <input type="range" aria-label={t`Volume`} min={0} max={1} step={0.05} value={film.isMuted ? 0 : film.volume} onChange={(event) => act((element) => Object.assign(element, { muted: false, volume: Number(event.target.value) }))()} className="w-20 accent-accent max-sm:hidden" />
      <span className="px-2 text-xs text-muted tabular-nums" data-testid="clock">
        {t`${formatClock(film.at)} of ${formatClock(film.length)}`}
      </span>
      <span className="flex-1" />
      {hls.sounds.length > 1 && <Pick label={t`Sound track`} value={hls.sound} choices={hls.sounds} onChoose={hls.setSound} />}
      {hls.subtitles.length > 0 && <Pick label={t`Subtitles`} value={hls.subtitle} choices={[{ index: -1, label: t`No subtitles` }, ...hls.subtitles]} onChoose={hls.setSubtitle} />}
      <Pick label={t`Speed`} value={film.speed} choices={SPEEDS.map((speed) => ({ index: speed, label: `${speed}×` }))} onChoose={(speed) => act((element) => (element.playbackRate = speed))()} />
      {hasPicture && <Pick label={t`Quality`} value={hls.quality} choices={[{ index: -1, label: t`Automatic` }, ...hls.qualities]} onChoose={hls.setQuality} />}
      {hls.subtitles.length > 0 && (
        <IconButton label={t`Captions (C)`} aria-pressed={hls.subtitle >= 0} onClick={onCaptions}>
          {hls.subtitle >= 0 ? <Captions className="size-5" /> : <CaptionsOff className="size-5" />}
        </IconButton>
      )}
      {hasPicture && (
        <>
          <IconButton label={t`Picture in picture (I)`} onClick={act(togglePicture)}>
            <PictureInPicture2 className="size-5" />
          </IconButton>
          <IconButton label={t`Full screen (F)`} onClick={() => toggleFullscreen(box.current)}>
            <Maximize className="size-5" />
          </IconButton>
        </>
      )}
    </div>
  );
}
