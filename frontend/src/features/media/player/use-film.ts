import { type RefObject, useEffect, useState } from "react";

export type FilmState = { at: number; length: number; buffered: number; isPlaying: boolean; isMuted: boolean; volume: number; speed: number };

const EVENTS = ["timeupdate", "durationchange", "progress", "play", "pause", "volumechange", "ratechange", "seeked", "seeking", "ended"] as const;
const KEEP_FROM_S = 5;
const END_S = 10;
const key = (fileId: string) => `stowage.position.${fileId}`;

/** Where somebody stopped watching, in s; 0 is the beginning. */
export function positionOf(fileId: string): number {
  return Number(localStorage.getItem(key(fileId)) ?? 0) || 0;
}

function keep(fileId: string, at: number, length: number) {
  if (at < KEEP_FROM_S || at > length - END_S) localStorage.removeItem(key(fileId));
  else localStorage.setItem(key(fileId), at.toFixed(1));
}

/** What the video element is doing; remembers the position for the next visit. */
export function useFilm(video: RefObject<HTMLVideoElement | null>, fileId: string): FilmState {
  const [state, setState] = useState<FilmState>({ at: 0, length: 0, buffered: 0, isPlaying: false, isMuted: false, volume: 1, speed: 1 });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const read = () => {
      const { currentTime: at, duration, buffered, paused, muted, volume, playbackRate } = element;
      const length = Number.isFinite(duration) ? duration : 0;
      setState({ at, length, buffered: buffered.length ? buffered.end(buffered.length - 1) : 0, isPlaying: !paused, isMuted: muted, volume, speed: playbackRate });
      if (length && !element.seeking && at > 0) keep(fileId, at, length);
    };
    for (const event of EVENTS) element.addEventListener(event, read);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, read);
    };
  }, [video, fileId]);
  return state;
}
