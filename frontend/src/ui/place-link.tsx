import type { LucideIcon } from "lucide-react";
import Link from "next/link";

/** A line of the main navigation; `owns` are the paths on which it is where one is. */
export function PlaceLink({ href, label, icon: Icon, owns, path }: { href: string; label: string; icon: LucideIcon; owns: string[]; path: string }) {
  const isHere = owns.includes(path);
  return (
    <Link href={href} aria-current={isHere ? "page" : undefined} className={`flex items-center gap-3 rounded-lg px-3 py-2 text-sm ${isHere ? "bg-sunken font-medium" : "text-muted hover:bg-sunken"}`}>
      <Icon className="size-4" aria-hidden /> <span className="max-sm:sr-only">{label}</span>
    </Link>
  );
}
