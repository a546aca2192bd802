"use client";

import { Moon, Sun } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";

import { t } from "@/lib/text";
import { IconButton } from "./button";

const KEY = "stowage.theme";
const listeners = new Set<() => void>();

function isDarkNow(): boolean {
  const kept = localStorage.getItem(KEY);
  return kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function choose(isDark: boolean): void {
  localStorage.setItem(KEY, isDark ? "dark" : "light");
  for (const listener of listeners) listener();
}

/** Follows the system until a person chooses; the choice is kept on this machine. */
export function ThemeToggle() {
  const isDark = useSyncExternalStore(subscribe, isDarkNow, () => false);
  useEffect(() => {
    document.documentElement.classList.toggle("dark", isDark);
  }, [isDark]);
  return (
    <IconButton label={isDark ? t`Light mode` : t`Dark mode`} onClick={() => choose(!isDark)}>
      {isDark ? <Sun className="size-4" /> : <Moon className="size-4" />}
    </IconButton>
  );
}
