"use client";

import { useRef } from "react";

import { formatClock } from "@/lib/format";
import { t } from "@/lib/text";
import { Progress } from "@/ui/progress";
import { Failed, Loading } from "@/ui/states";
import { usePlaybackState } from "./api";
import { useHls } from "./use-hls";

/** Plays a film, from its first finished segment on, and says how far the rest is. */
export function Player({ fileId, poster }: { fileId: string; poster: string | null }) {
  const video = useRef<HTMLVideoElement>(null);
  const playback = usePlaybackState(fileId);
  const state = playback.data;
  const hls = useHls(video, fileId, state?.is_playable ?? false);

  if (playback.isPending) return <Loading />;
  if (playback.isError) return <Failed error={playback.error} onRetry={() => void playback.refetch()} />;
  if (state?.state === "failed") {
    return (
      <p role="alert" className="rounded-xl border border-line bg-panel p-8 text-center text-sm text-bad">
        {state.reason ?? t`This film can't be played.`}
      </p>
    );
  }
  const share = state?.total_s ? state.done_s / state.total_s : 0;
  return (
    <div className="flex flex-col gap-3">
      <div className="relative overflow-hidden rounded-xl bg-black">
        <video ref={video} controls playsInline poster={poster ?? undefined} className="aspect-video w-full" data-testid="player" />
        {!state?.is_playable && (
          <div className="absolute inset-0 flex items-center justify-center bg-black/60 text-white">
            <Loading label={t`Preparing the first seconds`} />
          </div>
        )}
      </div>
      {hls.error && (
        <p role="alert" className="text-sm text-bad">
          {hls.error}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-4">
        <label className="flex items-center gap-2 text-sm text-muted">
          {t`Quality`}
          <select value={hls.quality} onChange={(event) => hls.setQuality(Number(event.target.value))} className="h-8 rounded-md border border-line bg-panel px-2 text-sm text-text">
            <option value={-1}>{t`Automatic`}</option>
            {hls.qualities.map(({ index, label }) => (
              <option key={index} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {state && state.state !== "ready" && state.total_s > 0 && (
          <div className="flex min-w-48 flex-1 items-center gap-3 text-xs text-muted" data-testid="transcode-progress">
            <span className="shrink-0">
              {t`Transcoded ${formatClock(state.done_s)} of ${formatClock(state.total_s)}`}
            </span>
            <Progress value={share} label={t`Transcode`} />
          </div>
        )}
      </div>
    </div>
  );
}
