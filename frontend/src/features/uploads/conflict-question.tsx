"use client";

import { useEffect, useRef } from "react";

import { Button } from "@/ui/button";
import { useUploads } from "./store";

/** Asked once for a batch whose names are taken in part. */
export function ConflictQuestion() {
  const question = useUploads((state) => state.question);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question) dialog.current?.showModal();
    else dialog.current?.close();
  }, [question]);
  const { taken = 0, total = 0 } = question ?? {};
  const answer = question?.answer;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="conflict-title"
      onCancel={() => answer?.(null)}
      className="m-auto w-[min(28rem,92vw)] rounded-xl border border-line bg-panel p-5 text-text shadow-xl backdrop:bg-black/40"
    >
      <h2 id="conflict-title" className="mb-1 font-semibold">
        {taken === 1 && total === 1 ? "That file is there already" : `${taken} of ${total} files are there already`}
      </h2>
      <p className="mb-4 text-sm text-muted">Nothing is overwritten: earlier versions of a file can always be brought back.</p>
      <div className="flex flex-col gap-2">
        <Button look="primary" onClick={() => answer?.("version")}>
          Add as new versions
        </Button>
        <Button onClick={() => answer?.("rename")}>Keep both, with a number in the name</Button>
        <Button onClick={() => answer?.("skip")}>{total > taken ? "Skip those, upload the rest" : "Skip"}</Button>
        <Button look="quiet" onClick={() => answer?.(null)}>
          Upload nothing
        </Button>
      </div>
    </dialog>
  );
}
