"use client";

import { Pencil } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "@/lib/toast";

import { formatBytes, parseBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { Button, IconButton } from "./button";
import { Progress } from "./progress";

export type Quota = { limit_bytes: number; reserved_bytes: number; used_bytes: number };

const WARN_AT = 0.8;
const BAD_AT = 0.95;

/** How much of a quota is taken, as a bar; warns at 80 and 95 percent. */
export function QuotaBar({ name, quota }: { name: string; quota: Quota }) {
  const share = (quota.used_bytes + quota.reserved_bytes) / Math.max(1, quota.limit_bytes);
  return <Progress value={share} label={t`Space used of ${name}`} tone={share > BAD_AT ? "bad" : share > WARN_AT ? "warn" : "accent"} />;
}

/** Space used and allowed, and a pencil to change what is allowed. */
export function QuotaCell({ name, quota, onLimit }: { name: string; quota: Quota; onLimit: (bytes: number) => void }) {
  const [isOpen, setOpen] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const bytes = parseBytes(String(new FormData(event.currentTarget).get("quota")));
    if (bytes === null) {
      toast.error(t`That is no size: write 500 GB or 2 TB.`);
      return;
    }
    onLimit(bytes);
    setOpen(false);
  };
  if (isOpen) {
    return (
      <form onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && setOpen(false)} className="flex gap-1">
        <input name="quota" autoFocus required defaultValue={formatBytes(quota.limit_bytes)} aria-label={t`Quota of ${name}`} className="h-8 w-28 rounded-md border border-line bg-surface px-2 text-sm" />
        <Button type="submit" className="h-8">
          {t`Save`}
        </Button>
      </form>
    );
  }
  return (
    <div className="flex min-w-44 items-center gap-2">
      <div className="flex-1">
        <p className="mb-1 text-xs whitespace-nowrap text-muted">
          {t`${formatBytes(quota.used_bytes)} of ${formatBytes(quota.limit_bytes)}`}
          {quota.reserved_bytes > 0 && t` · ${formatBytes(quota.reserved_bytes)} on the way`}
        </p>
        <QuotaBar name={name} quota={quota} />
      </div>
      <IconButton label={t`Change the quota of ${name}`} onClick={() => setOpen(true)}>
        <Pencil className="size-3.5" />
      </IconButton>
    </div>
  );
}
