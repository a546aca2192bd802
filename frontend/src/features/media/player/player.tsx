"use client";

import { type RefObject, useRef, useState } from "react";

import { formatClock, formatLeft } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { Failed, Loading } from "@/ui/states";
import { useDerive, usePlaybackState } from "../api";
import { Controls } from "./controls";
import { SeekBar } from "./seek-bar";
import { pressed, togglePlay } from "./shortcuts";
import { useStoryboard } from "./storyboard";
import { positionOf, useFilm } from "./use-film";
import { useHls } from "./use-hls";
import { Waveform } from "./waveform";

type Props = { fileId: string; poster: string | null; isSound?: boolean };
type PlaybackState = NonNullable<ReturnType<typeof usePlaybackState>["data"]>;

/** Why a film can't be played, and a way to try once more. */
function Trouble({ fileId, reason }: { fileId: string; reason: string | null }) {
  const derive = useDerive(fileId);
  return (
    <div role="alert" className="flex flex-col items-center gap-3 rounded-xl border border-line bg-panel p-8 text-center text-sm">
      <p className="text-bad">{derive.isError ? messageOf(derive.error) : (reason ?? t`This film can't be played.`)}</p>
      <Button onClick={() => derive.mutate()} disabled={derive.isPending}>
        {t`Try again`}
      </Button>
    </div>
  );
}

function Growing({ state }: { state: PlaybackState }) {
  const left = state.left_s === null ? "" : t`, about ${formatLeft(state.left_s)} left`;
  return (
    <div className="flex min-w-48 items-center gap-3 text-xs text-muted" data-testid="transcode-progress">
      <span className="shrink-0">
        {t`Transcoded ${formatClock(state.done_s)} of ${formatClock(state.total_s)}`}
        {left}
      </span>
      <Progress value={state.done_s / state.total_s} label={t`Transcode`} />
    </div>
  );
}

/** Plays a film or a sound file, from its first finished segment on, and says how far the rest is. */
export function Player({ fileId, poster, isSound = false }: Props) {
  const playback = usePlaybackState(fileId);
  if (playback.isPending) return <Loading />;
  if (playback.isError) return <Failed error={playback.error} onRetry={() => void playback.refetch()} />;
  const state = playback.data;
  if (state.state === "failed" || state.state === "cancelled") return <Trouble fileId={fileId} reason={state.reason} />;
  return <Stage fileId={fileId} poster={poster} isSound={isSound} state={state} />;
}

function Picture({ video, poster, isSound, isReady }: { video: RefObject<HTMLVideoElement | null>; poster: string | null; isSound: boolean; isReady: boolean }) {
  return (
    <div className={`relative overflow-hidden rounded-xl bg-black ${isSound && !poster ? "hidden" : ""}`}>
      <video
        ref={video}
        playsInline
        poster={poster ?? undefined}
        className={`w-full ${isSound ? "max-h-80 object-contain" : "aspect-video"}`}
        data-testid="player"
        onClick={(event) => togglePlay(event.currentTarget)}
      />
      {!isReady && (
        <div className="absolute inset-0 flex items-center justify-center bg-black/60 text-white">
          <Loading label={t`Preparing the first seconds`} />
        </div>
      )}
    </div>
  );
}

function Stage({ fileId, poster, isSound, state }: { fileId: string; poster: string | null; isSound: boolean; state: PlaybackState }) {
  const video = useRef<HTMLVideoElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [startAt] = useState(() => positionOf(fileId));
  const film = useFilm(video, fileId);
  const hls = useHls(video, fileId, state.is_playable, startAt);
  const isGrowing = state.state === "running";
  const stills = useStoryboard(hls.playback?.storyboard_url ?? null, isGrowing);
  const seek = (seconds: number) => {
    if (video.current) video.current.currentTime = seconds;
  };
  const captions = () => hls.setSubtitle(hls.subtitle >= 0 || !hls.subtitles.length ? -1 : 0);
  return (
    <div
      ref={box}
      className="flex flex-col gap-2 bg-surface [&:fullscreen]:justify-center [&:fullscreen]:p-4"
      onKeyDown={(event) => {
        if (pressed(event, { video, box, rate: hls.rate, onCaptions: captions })) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
      tabIndex={-1}
      data-scrolls
    >
      <Picture video={video} poster={poster} isSound={isSound} isReady={state.is_playable} />
      {isSound && <Waveform fileId={fileId} film={film} onSeek={seek} />}
      {hls.error && (
        <p role="alert" className="text-sm text-bad">
          {hls.error}
        </p>
      )}
      <SeekBar film={film} stills={stills} chapters={hls.playback?.chapters ?? []} onSeek={seek} />
      <Controls film={film} hls={hls} video={video} box={box} hasPicture={!isSound} onCaptions={captions} />
      {isGrowing && state.total_s > 0 && <Growing state={state} />}
      {hls.playback?.state === "running" && state.state === "ready" && (
        <p className="flex items-center gap-3 text-xs text-muted">
          {t`The film is finished now: there may be more qualities and tracks.`}
          <Button look="quiet" onClick={hls.reload}>
            {t`Show them`}
          </Button>
        </p>
      )}
    </div>
  );
}
