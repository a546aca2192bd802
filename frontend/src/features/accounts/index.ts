export { signOut, useMe } from "./api";
export { JoinForm } from "./join-form";
export { LanguageChoice } from "./language";
export { LoginForm } from "./login-form";
export { ProfileForm } from "./profile-form";
export { Sessions } from "./sessions";
export { SessionGate } from "./session-gate";
export { Tokens } from "./tokens";
