// written by `chronicle install`: records what pi does. `chronicle uninstall` takes it away.
import { spawn } from "node:child_process"

const PROGRAM = "@PROGRAM@"

// One payload after the other, so that they are recorded in their order. Nothing here may throw:
// the agent goes on, whatever becomes of a payload.
let last = Promise.resolve()
function record(payload) {
  last = last.then(
    () =>
      new Promise((done) => {
        try {
          const child = spawn(PROGRAM, ["record", "--agent", "pi"], {
            stdio: ["pipe", "ignore", "ignore"],
            windowsHide: true,
          })
          child.on("error", done)
          child.on("close", done)
          child.stdin.on("error", () => {})
          child.stdin.end(JSON.stringify(payload))
        } catch {
          done()
        }
      }),
  )
  return last
}

function of(context) {
  try {
    return {
      session_id: context?.sessionManager?.getSessionId?.(),
      transcript_path: context?.sessionManager?.getSessionFile?.(),
      cwd: context?.cwd,
      model: context?.model?.id,
    }
  } catch {
    return { cwd: context?.cwd }
  }
}

export default function (pi) {
  const on = (name, payload) =>
    pi.on(name, async (event, context) => {
      try {
        const done = record({ ...of(context), ...payload(event) })
        if (name === "session_shutdown") await done
      } catch {
        // See above.
      }
    })
  on("session_start", (event) => ({ type: "session_start", source: event.reason }))
  on("session_shutdown", () => ({ type: "session_end" }))
  on("before_agent_start", (event) => ({ type: "user_prompt_submit", prompt: event.prompt }))
  on("agent_end", () => ({ type: "stop" }))
  on("session_before_compact", () => ({ type: "pre_compact" }))
  on("session_compact", () => ({ type: "post_compact" }))
  on("tool_call", (event) => ({
    type: "pre_tool_use",
    tool_name: event.toolName,
    tool_use_id: event.toolCallId,
    tool_input: event.input,
  }))
  on("tool_result", (event) => ({
    type: event.isError ? "post_tool_use_failure" : "post_tool_use",
    tool_name: event.toolName,
    tool_use_id: event.toolCallId,
    tool_input: event.input,
    ...(event.isError ? { error: event.content } : { tool_response: event.content }),
  }))
}
