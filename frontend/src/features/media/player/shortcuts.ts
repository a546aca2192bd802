import type { KeyboardEvent, RefObject } from "react";

const STEP_S = 5;
const JUMP_S = 10;
const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const VOLUME_STEP = 0.1;

export type Verbs = { video: RefObject<HTMLVideoElement | null>; box: RefObject<HTMLElement | null>; rate: number; onCaptions: () => void };

export function faster(speed: number, steps: number): number {
  const at = SPEEDS.findIndex((one) => one >= speed);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.length - 1 : at) + steps))] ?? 1;
}

export function togglePlay(video: HTMLVideoElement) {
  if (video.paused) void video.play().catch(() => undefined);
  else video.pause();
}

export function toggleFullscreen(box: HTMLElement | null) {
  void (document.fullscreenElement ? document.exitFullscreen() : box?.requestFullscreen())?.catch(() => undefined);
}

export function togglePicture(video: HTMLVideoElement) {
  void (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => undefined);
}

/** The keys of editing desks: J K L, comma and period for a frame, and what every player has. Returns whether the key meant something. */
export function pressed(event: KeyboardEvent, { video: ref, box, rate, onCaptions }: Verbs): boolean {
  const video = ref.current;
  if (!video || event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).closest("select, input:not([type=range])")) return false;
  const go = (seconds: number) => (video.currentTime = Math.max(0, Math.min(video.duration || Infinity, video.currentTime + seconds)));
  const frame = (direction: number) => {
    video.pause();
    go(direction / rate);
  };
  const isOnButton = (event.target as HTMLElement).closest("button") !== null;
  const verbs: Record<string, (() => void) | undefined> = {
    " ": isOnButton ? undefined : () => togglePlay(video),
    k: () => togglePlay(video),
    j: () => go(-JUMP_S),
    l: () => go(JUMP_S),
    ArrowLeft: () => go(-STEP_S),
    ArrowRight: () => go(STEP_S),
    ArrowUp: () => (video.volume = Math.min(1, video.volume + VOLUME_STEP)),
    ArrowDown: () => (video.volume = Math.max(0, video.volume - VOLUME_STEP)),
    Home: () => (video.currentTime = 0),
    End: () => (video.currentTime = video.duration || 0),
    ",": () => frame(-1),
    ".": () => frame(1),
    "<": () => (video.playbackRate = faster(video.playbackRate, -1)),
    ">": () => (video.playbackRate = faster(video.playbackRate, 1)),
    m: () => (video.muted = !video.muted),
    c: onCaptions,
    f: () => toggleFullscreen(box.current),
    i: () => togglePicture(video),
  };
  const verb = verbs[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!verb) return false;
  verb();
  return true;
}
