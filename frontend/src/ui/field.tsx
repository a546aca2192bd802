import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from "react";

const BOX = "h-9 rounded-lg border border-line bg-surface px-3 text-sm outline-none focus:border-accent";

/** A labelled input. */
export function Field({ label, hint, className = "", ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string }) {
  return (
    <label className={`flex flex-col gap-1.5 text-sm font-medium ${className}`}>
      {label}
      <input className={`${BOX} font-normal`} {...rest} />
      {hint && <span className="text-xs font-normal text-muted">{hint}</span>}
    </label>
  );
}

/** A choice; `label` is what screen readers say. */
export function Choice({ label, className = "", children, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { label: string; children: ReactNode }) {
  return (
    <select aria-label={label} className={`${BOX} ${className}`} {...rest}>
      {children}
    </select>
  );
}
