"use client";

import { Moon, Sun } from "lucide-react";
import { useEffect, useState } from "react";

import { IconButton } from "./button";

const KEY = "stowage.theme";

function prefersDark(): boolean {
  const kept = localStorage.getItem(KEY);
  return kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Follows the system until a person chooses; the choice is kept on this machine. */
export function ThemeToggle() {
  const [isDark, setDark] = useState<boolean | null>(null);
  useEffect(() => {
    const dark = prefersDark();
    document.documentElement.classList.toggle("dark", dark);
    setDark(dark);
  }, []);
  const toggle = () => {
    const dark = !isDark;
    localStorage.setItem(KEY, dark ? "dark" : "light");
    document.documentElement.classList.toggle("dark", dark);
    setDark(dark);
  };
  return (
    <IconButton label={isDark ? "Light mode" : "Dark mode"} onClick={toggle}>
      {isDark ? <Sun className="size-4" /> : <Moon className="size-4" />}
    </IconButton>
  );
}
