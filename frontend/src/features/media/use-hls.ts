import Hls from "hls.js";
import { type RefObject, useEffect, useRef, useState } from "react";

import { t } from "@/lib/text";
import { openPlayback } from "./api";

export type Quality = { index: number; label: string };

export type HlsState = {
  qualities: Quality[];
  /** -1 is automatic. */
  quality: number;
  setQuality: (index: number) => void;
  error: string | null;
};

const FORBIDDEN = 403;

/** Attaches hls.js (or the browser's own HLS) to a video element, from the start, also while the film is still growing. */
export function useHls(video: RefObject<HTMLVideoElement | null>, fileId: string, isPlayable: boolean): HlsState {
  const hls = useRef<Hls | null>(null);
  const [qualities, setQualities] = useState<Quality[]>([]);
  const [quality, choose] = useState(-1);
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    const element = video.current;
    if (!element || !isPlayable) return;
    if (!Hls.isSupported()) {
      void openPlayback(fileId).then((url) => {
        element.src = url;
      });
      return;
    }
    const player = new Hls({ startPosition: 0, backBufferLength: 60, maxBufferLength: 30 });
    const load = () =>
      openPlayback(fileId)
        .then((url) => player.loadSource(url))
        .catch(() => setError(t`The film can't be opened just now.`));
    player.on(Hls.Events.MANIFEST_PARSED, (_, data) => {
      setQualities(data.levels.map((level, index) => ({ index, label: `${Math.min(level.height, level.width) || t`Sound`}${level.height ? "p" : ""}` })));
    });
    player.on(Hls.Events.ERROR, (_, data) => {
      if (data.response?.code === FORBIDDEN) {
        // The addresses live for hours; after a longer pause fresh ones are fetched and play goes on where it was.
        player.config.startPosition = element.currentTime;
        void load();
      } else if (data.fatal && data.type === Hls.ErrorTypes.NETWORK_ERROR) player.startLoad();
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

  const setQuality = (index: number) => {
    choose(index);
    if (hls.current) hls.current.nextLevel = index;
  };
  return { qualities, quality, setQuality, error };
}
