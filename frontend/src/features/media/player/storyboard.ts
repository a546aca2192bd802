import { useQuery } from "@tanstack/react-query";

export type Still = { start: number; end: number; url: string; x: number; y: number; width: number; height: number };

const CUE = /(\d+):(\d\d):(\d\d\.\d+) --> (\d+):(\d\d):(\d\d\.\d+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

/** Stills of a WebVTT storyboard, in order of time; times in s, places in pixels of a sheet. */
export function stillsOf(text: string): Still[] {
  return [...text.matchAll(CUE)].map((cue) => {
    const [h1, m1, s1, h2, m2, s2] = cue.slice(1, 7).map(Number) as [number, number, number, number, number, number];
    const [x, y, width, height] = cue.slice(8).map(Number) as [number, number, number, number];
    return { start: h1 * 3600 + m1 * 60 + s1, end: h2 * 3600 + m2 * 60 + s2, url: cue[7] ?? "", x, y, width, height };
  });
}

export function stillAt(stills: Still[], seconds: number): Still | undefined {
  return stills.find((still) => seconds >= still.start && seconds < still.end);
}

/** The storyboard so far; asked for again while the film is still growing. */
export function useStoryboard(url: string | null, isGrowing: boolean): Still[] {
  const board = useQuery({
    queryKey: ["storyboard", url],
    enabled: url !== null,
    refetchInterval: isGrowing ? 15_000 : false,
    queryFn: async () => {
      const answer = await fetch(url ?? "");
      return answer.ok ? stillsOf(await answer.text()) : [];
    },
  });
  return board.data ?? [];
}
