import type { Metadata } from "next";
import type { ReactNode } from "react";

import "@/styles/tokens.css";
import { Providers } from "./providers";

export const metadata: Metadata = {
  title: "Stowage",
  description: "Large media and datasets, safely stowed",
  icons: { icon: "/icon.svg" },
};

const EARLY_THEME = `try{var t=localStorage.getItem("stowage.theme");if(t?t==="dark":matchMedia("(prefers-color-scheme: dark)").matches)document.documentElement.classList.add("dark")}catch(e){}`;

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        {/* Before the first paint, so that dark mode does not flash. */}
        <script dangerouslySetInnerHTML={{ __html: EARLY_THEME }} />
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
