import Hls from "hls.js";
import { type RefObject, useEffect, useRef, useState } from "react";

import { t } from "@/lib/text";
import { openPlayback, type Playback } from "../api";

export type Choice = { index: number; label: string };

export type HlsState = {
  playback: Playback | null;
  qualities: Choice[];
  /** -1 is automatic. */
  quality: number;
  setQuality: (index: number) => void;
  sounds: Choice[];
  sound: number;
  setSound: (index: number) => void;
  subtitles: Choice[];
  /** -1 is none. */
  subtitle: number;
  setSubtitle: (index: number) => void;
  /** Frames per second of what plays. */
  rate: number;
  error: string | null;
  /** Opens the film anew where it is: there may be more of it to choose from. */
  reload: () => void;
};

const FORBIDDEN = 403;
const USUAL_RATE = 25;
const named = (tracks: { name: string }[]) => tracks.map((track, index) => ({ index, label: track.name }));

/** Attaches hls.js (or the browser's own HLS) to a video element at `startAt`, also while the film is still growing. */
export function useHls(video: RefObject<HTMLVideoElement | null>, fileId: string, isPlayable: boolean, startAt: number): HlsState {
  const hls = useRef<Hls | null>(null);
  const open = useRef<() => void>(() => undefined);
  const begin = useRef(startAt);
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [tracks, setTracks] = useState<{ qualities: Choice[]; sounds: Choice[]; subtitles: Choice[]; rate: number }>({ qualities: [], sounds: [], subtitles: [], rate: USUAL_RATE });
  const [chosen, choose] = useState({ quality: -1, sound: 0, subtitle: -1 });
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    const element = video.current;
    if (!element || !isPlayable) return;
    const ask = () =>
      openPlayback(fileId).then((answer) => {
        setPlayback(answer);
        return answer.master_url;
      });
    if (!Hls.isSupported()) {
      void ask().then((url) => {
        element.src = url;
      });
      return;
    }
    const player = new Hls({ startPosition: begin.current, backBufferLength: 60, maxBufferLength: 30 });
    const load = () =>
      ask()
        .then((url) => player.loadSource(url))
        .catch(() => setError(t`The film can't be opened just now.`));
    open.current = () => {
      player.config.startPosition = element.currentTime;
      void load();
    };
    player.on(Hls.Events.MANIFEST_PARSED, (_, data) => {
      const qualities = data.levels.map((level, index) => ({ index, label: level.height ? `${Math.min(level.height, level.width)}p` : t`Sound` }));
      setTracks((before) => ({ ...before, qualities, rate: data.levels[0]?.frameRate || USUAL_RATE }));
    });
    player.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, data) => setTracks((before) => ({ ...before, sounds: named(data.audioTracks) })));
    player.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_, data) => choose((before) => ({ ...before, sound: data.id })));
    player.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, data) => setTracks((before) => ({ ...before, subtitles: named(data.subtitleTracks) })));
    player.on(Hls.Events.ERROR, (_, data) => {
      // The addresses live for hours; after a longer pause fresh ones are fetched and play goes on where it was.
      if (data.response?.code === FORBIDDEN) open.current();
      else if (data.fatal && data.type === Hls.ErrorTypes.NETWORK_ERROR) player.startLoad();
      else if (data.fatal && data.type === Hls.ErrorTypes.MEDIA_ERROR) player.recoverMediaError();
      else if (data.fatal) setError(t`This film can't be played in this browser.`);
    });
    player.attachMedia(element);
    void load();
    hls.current = player;
    return () => {
      hls.current = null;
      player.destroy();
    };
  }, [video, fileId, isPlayable]);

  const set = (change: Partial<typeof chosen>, apply: (player: Hls) => void) => {
    choose((before) => ({ ...before, ...change }));
    if (hls.current) apply(hls.current);
  };
  return {
    playback,
    ...tracks,
    ...chosen,
    setQuality: (quality) => set({ quality }, (player) => (player.nextLevel = quality)),
    setSound: (sound) => set({ sound }, (player) => (player.audioTrack = sound)),
    setSubtitle: (subtitle) =>
      set({ subtitle }, (player) => {
        player.subtitleTrack = subtitle;
        player.subtitleDisplay = subtitle >= 0;
      }),
    error,
    reload: () => open.current(),
  };
}
