export { signOut, useMe } from "./api";
export { LoginForm } from "./login-form";
export { SessionGate } from "./session-gate";
