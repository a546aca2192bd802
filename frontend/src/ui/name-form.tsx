"use client";

import { type FormEvent, type ReactNode, useState } from "react";

import { t } from "@/lib/text";
import { Button } from "./button";

type Props = {
  /** What the closed button shows. */
  children: ReactNode;
  /** What the field is for: "Name of the project". */
  label: string;
  look?: "primary" | "plain";
  isBusy: boolean;
  /** Calls `close` once it is made. */
  onName: (name: string, close: () => void) => void;
};

/** A button that opens into a field for a name. */
export function NameForm({ children, label, look = "plain", isBusy, onName }: Props) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (name) onName(name, close);
  };
  if (!isOpen) {
    return (
      <Button look={look} onClick={() => setOpen(true)}>
        {children}
      </Button>
    );
  }
  return (
    <form onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && close()} className="flex gap-2">
      <input name="name" required maxLength={255} autoFocus aria-label={label} placeholder={label} className="h-9 w-48 rounded-lg border border-line bg-panel px-3 text-sm" />
      <Button type="submit" look="primary" disabled={isBusy}>
        {t`Create`}
      </Button>
      <Button look="quiet" onClick={close}>
        {t`Cancel`}
      </Button>
    </form>
  );
}
