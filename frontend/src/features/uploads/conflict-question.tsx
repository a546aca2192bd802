"use client";

import { useEffect, useRef } from "react";

import { t } from "@/lib/text";
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
        {taken === 1 && total === 1 ? t`That file is there already` : t`${taken} of ${total} files are there already`}
      </h2>
      <p className="mb-4 text-sm text-muted">{t`Nothing is overwritten: earlier versions of a file can always be brought back.`}</p>
      <div className="flex flex-col gap-2">
        <Button look="primary" onClick={() => answer?.("version")}>
          {t`Add as new versions`}
        </Button>
        <Button onClick={() => answer?.("rename")}>{t`Keep both, with a number in the name`}</Button>
        <Button onClick={() => answer?.("skip")}>{total > taken ? t`Skip those, upload the rest` : t`Skip`}</Button>
        <Button look="quiet" onClick={() => answer?.(null)}>
          {t`Upload nothing`}
        </Button>
      </div>
    </dialog>
  );
}
