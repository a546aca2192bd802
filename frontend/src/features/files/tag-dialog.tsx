"use client";

import type { FormEvent } from "react";

import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";

/** Words to put on what is selected. */
export function TagDialog({ onTags, onClose }: { onTags: (tags: string[]) => void; onClose: () => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const tags = String(new FormData(event.currentTarget).get("tags")).split(",").map((tag) => tag.trim()).filter(Boolean);
    if (tags.length) onTags(tags);
  };
  return (
    <Dialog title={t`Add tags`} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label={t`Tags`} name="tags" autoFocus required maxLength={500} hint={t`Several with commas between them`} />
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onClose}>
            {t`Cancel`}
          </Button>
          <Button type="submit" look="primary">
            {t`Add`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
