drop table unread_payloads;
drop index idx_tool_events_session_id_status_id;
alter table tool_events drop column agent_id;
alter table events drop column agent_id;
alter table sessions drop column transcript_path;
alter table sessions drop column host;
alter table sessions drop column agent;
