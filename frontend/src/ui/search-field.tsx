import { Search } from "lucide-react";

/** A field to narrow a list by; `label` says what of. */
export function SearchField({ label, value, onValue, className = "w-56" }: { label: string; value: string; onValue: (value: string) => void; className?: string }) {
  return (
    <label className="relative">
      <Search className="absolute top-2.5 left-2.5 size-4 text-muted" aria-hidden />
      <input
        type="search"
        value={value}
        onChange={(event) => onValue(event.target.value)}
        aria-label={label}
        placeholder={label}
        className={`h-9 rounded-lg border border-line bg-panel pr-2 pl-8 text-sm ${className}`}
      />
    </label>
  );
}
