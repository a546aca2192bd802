"use client";

import { Copy } from "lucide-react";
import { toast } from "@/lib/toast";

import { t } from "@/lib/text";
import { Button } from "./button";

/** A secret that is shown this once, with a button that copies it. */
export function Once({ secret, about, onDone }: { secret: string; about: string; onDone: () => void }) {
  const copy = () => {
    navigator.clipboard.writeText(secret).then(
      () => toast.success(t`Copied`),
      () => toast.error(t`The browser did not allow it: select the text and copy it.`),
    );
  };
  return (
    <div role="status" className="flex flex-col gap-2 rounded-xl border border-accent bg-panel p-4">
      <p className="text-sm">{about}</p>
      <div className="flex flex-wrap items-center gap-2">
        <code data-testid="secret" className="min-w-0 flex-1 rounded-lg bg-sunken px-3 py-2 text-xs break-all whitespace-pre-wrap select-all">
          {secret}
        </code>
        <Button onClick={copy}>
          <Copy className="size-4" aria-hidden /> {t`Copy`}
        </Button>
        <Button look="quiet" onClick={onDone}>
          {t`Done`}
        </Button>
      </div>
    </div>
  );
}
