// written by `chronicle install`: records what OpenCode does. `chronicle uninstall` takes it away.
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
          const child = spawn(PROGRAM, ["record", "--agent", "opencode"], {
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

// Of what the agent tells, these; the rest comes with each word of the model.
const KINDS = {
  "session.created": "session_start",
  "session.deleted": "session_end",
  "session.idle": "stop",
  "session.error": "stop_failure",
  "session.compacted": "post_compact",
  "permission.asked": "permission_request",
  "permission.replied": "permission_reply",
}

export const Chronicle = async ({ directory }) => ({
  event: async ({ event }) => {
    const kind = KINDS[event.type]
    if (!kind) return
    const properties = event.properties ?? {}
    const session = properties.sessionID ?? properties.info?.id
    const parent = properties.info?.parentID
    record({ type: kind, session_id: session, parent_id: parent, cwd: directory, ...properties })
  },
  "chat.message": async (input, output) => {
    const texts = (output?.parts ?? []).filter((part) => part.type === "text").map((part) => part.text)
    record({
      type: "user_prompt_submit",
      session_id: input?.sessionID ?? output?.message?.sessionID,
      cwd: directory,
      model: output?.message?.model,
      prompt: texts.join("\n"),
    })
  },
  "tool.execute.before": async (input, output) => {
    record({
      type: "pre_tool_use",
      session_id: input.sessionID,
      cwd: directory,
      tool_name: input.tool,
      tool_use_id: input.callID,
      tool_input: output?.args,
    })
  },
  "tool.execute.after": async (input, output) => {
    record({
      type: "post_tool_use",
      session_id: input.sessionID,
      cwd: directory,
      tool_name: input.tool,
      tool_use_id: input.callID,
      tool_input: input.args,
      tool_response: { title: output?.title, output: output?.output, metadata: output?.metadata },
    })
  },
})
