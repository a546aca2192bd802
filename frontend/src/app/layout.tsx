import type { Metadata } from "next";
import type { ReactNode } from "react";

import "@/styles/tokens.css";
import { Providers } from "./providers";

export const metadata: Metadata = {
  title: "Stowage",
  description: "Large media and datasets, safely stowed",
  icons: { icon: "/icon.svg" },
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
