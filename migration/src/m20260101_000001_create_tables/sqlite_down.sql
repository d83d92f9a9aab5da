drop table tool_events;
drop table events;
drop table sessions;
