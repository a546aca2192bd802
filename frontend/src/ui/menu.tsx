"use client";

import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";

export type MenuItem = { label: string; icon?: ReactNode; shortcut?: string; isBad?: boolean; isOff?: boolean; onChoose: () => void };

/** A menu at a place of the window; arrows go through it, Escape and a click elsewhere close it. */
export function Menu({ label, x, y, items, onClose }: { label: string; x: number; y: number; items: MenuItem[]; onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus();
    const close = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    window.addEventListener("pointerdown", close);
    return () => {
      window.removeEventListener("pointerdown", close);
      if (document.activeElement === document.body) before?.focus();
    };
  }, [onClose]);
  const move = (event: KeyboardEvent) => {
    const buttons = [...(box.current?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? [])];
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) buttons[(here + step + buttons.length) % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={box}
      role="menu"
      aria-label={label}
      onKeyDown={move}
      className="fixed z-50 min-w-52 rounded-xl border border-line bg-panel p-1 shadow-lg"
      style={{ left: Math.min(x, window.innerWidth - 230), top: Math.min(y, window.innerHeight - items.length * 36 - 16) }}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          disabled={item.isOff}
          onClick={() => {
            onClose();
            item.onChoose();
          }}
          className={`flex h-9 w-full items-center gap-3 rounded-lg px-3 text-left text-sm hover:bg-sunken focus:bg-sunken focus:outline-none disabled:opacity-40 ${item.isBad ? "text-bad" : ""}`}
        >
          <span className="flex size-4 items-center" aria-hidden>
            {item.icon}
          </span>
          <span className="flex-1">{item.label}</span>
          {item.shortcut && <kbd className="text-xs text-muted">{item.shortcut}</kbd>}
        </button>
      ))}
    </div>
  );
}
