import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useRef } from "react";

const AHEAD = 100;

type LongList = { box: RefObject<HTMLDivElement | null>; items: VirtualItem[]; height: number; scrollTo: (index: number) => void };

/** Rows of which only those in sight are drawn; `onEnd` is called as one comes near the last, until the list `isWhole`. */
export function useLongList(count: number, rowPx: number, isWhole: boolean, onEnd: () => void): LongList {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count, getScrollElement: () => box.current, estimateSize: () => rowPx, overscan: 20 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (!isWhole && last > count - AHEAD) onEnd();
  }, [isWhole, last, count, onEnd]);
  const scrollTo = useCallback((index: number) => virtual.scrollToIndex(index, { align: "center" }), [virtual]);
  return { box, items, height: virtual.getTotalSize(), scrollTo };
}
