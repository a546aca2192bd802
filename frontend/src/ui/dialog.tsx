"use client";

import { type ReactNode, type RefObject, useEffect, useRef } from "react";

/** A dialog that is modal as long as it is there. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return box;
}

/** A modal dialog of the browser's own kind: it keeps the focus and closes on Escape. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const box = useModal();
  return (
    <dialog
      ref={box}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === box.current && onClose()}
      className="m-auto w-full max-w-md rounded-2xl border border-line bg-panel p-0 text-text shadow-xl backdrop:bg-black/40"
    >
      <div className="flex max-h-[80dvh] flex-col gap-4 p-5">
        <h2 className="font-semibold">{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
