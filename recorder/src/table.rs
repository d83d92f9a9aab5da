//! Tables for a terminal: one row on one line, and no line longer than the terminal is wide.

use crate::output::{Paint, Screen};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands between two columns.
const GAP: usize = 2;

/// No column is made narrower than this.
const NARROWEST: usize = 6;

/// Before a text is cut to less than this, columns are left out.
const SHORT: usize = 16;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    is_number: bool,
    /// It gives way where the terminal is narrow.
    gives_way: bool,
}

impl Column {
    pub(crate) const fn text(title: &'static str) -> Self {
        Self { title, is_number: false, gives_way: false }
    }

    /// A text that may be cut.
    pub(crate) const fn long(title: &'static str) -> Self {
        Self { title, is_number: false, gives_way: true }
    }

    pub(crate) const fn number(title: &'static str) -> Self {
        Self { title, is_number: true, gives_way: false }
    }
}

/// A cell, and its colour.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    paint: Option<Paint>,
}

impl Cell {
    pub(crate) fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: on_one_line(&text.into()), paint: Some(paint) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: on_one_line(&text.into()), paint: None }
    }
}

#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, without columns that have nothing in any row.
    pub(crate) fn render(&self, screen: Screen) -> String {
        let widths = self.widths(screen.width);
        let mut out = String::new();
        let titles = self.columns.iter().map(|column| Cell::painted(column.title, Paint::Faint));
        let titles: Vec<Cell> = titles.collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let mut line = String::new();
            let mut owed = 0;
            for ((cell, column), width) in row.iter().zip(&self.columns).zip(&widths) {
                let Some(width) = *width else { continue };
                let text = cut(&cell.text, width);
                let blanks = width - text.width();
                let before = if column.is_number { blanks } else { 0 };
                line.extend(std::iter::repeat_n(' ', owed + before));
                line.push_str(&cell.paint.map_or_else(|| text.clone(), |p| screen.paint(p, &text)));
                owed = blanks - before + GAP;
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// How wide each column is; `None` for those that have nothing.
    fn widths(&self, most: Option<usize>) -> Vec<Option<usize>> {
        let widest = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let mut widths: Vec<Option<usize>> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let widest =
                    widest(at).map(|cell| cell.text.width()).max().filter(|&width| width > 0);
                widest.map(|widest| widest.max(column.title.width()))
            })
            .collect();
        if let Some(most) = most {
            self.drop_columns(&mut widths, most);
            self.narrow(&mut widths, most);
        }
        widths
    }

    /// Leaves columns out, the last ones first, until what cannot be cut has room.
    fn drop_columns(&self, widths: &mut [Option<usize>], most: usize) {
        let gives_way = |at: usize| self.columns.get(at).is_some_and(|column| column.gives_way);
        loop {
            let least = |(at, width): (usize, &Option<usize>)| {
                width.map(|width| if gives_way(at) { width.min(SHORT) } else { width })
            };
            let least: Vec<usize> = widths.iter().enumerate().filter_map(least).collect();
            if total(&least) <= most {
                return;
            }
            let shown = widths.iter().enumerate().rev();
            let mut droppable =
                shown.filter(|(at, width)| width.is_some() && *at > 0 && !gives_way(*at));
            let Some(at) = droppable.next().map(|(at, _)| at) else { return };
            if let Some(width) = widths.get_mut(at) {
                *width = None;
            }
        }
    }

    /// Cuts the widest column until all have room.
    fn narrow(&self, widths: &mut [Option<usize>], most: usize) {
        let gives_way = |at: usize| self.columns.get(at).is_some_and(|column| column.gives_way);
        while total(&widths.iter().flatten().copied().collect::<Vec<_>>()) > most {
            let all = || widths.iter().enumerate().filter_map(|(at, width)| Some((at, (*width)?)));
            let wide = |(_, width): &(usize, usize)| *width > NARROWEST;
            let found = all()
                .filter(|(at, _)| gives_way(*at))
                .filter(wide)
                .max_by_key(|(_, width)| *width)
                .or_else(|| all().filter(wide).max_by_key(|(_, width)| *width));
            let Some((at, width)) = found else { return };
            if let Some(place) = widths.get_mut(at) {
                *place = Some(width - 1);
            }
        }
    }
}

/// How wide columns are together.
fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Control characters would break the table, or write to the terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|sign| !sign.is_control()));
    }
    out
}

/// The text in this many columns, with an ellipsis where it is cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for sign in text.chars() {
        used += sign.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(sign);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: usize) -> Screen {
        Screen::plain(Some(width))
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let mut table = Table::new([Column::text("ID"), Column::long("PATH"), Column::number("N")]);
        table.row(["0f0a6a52".into(), "/home/dev/a/very/long/path/日本語".into(), "12".into()]);
        table.row(["0f0a6a53".into(), "/short".into(), "1,234".into()]);
        for width in 24..80 {
            for line in table.render(screen(width)).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        let row = |id: &str, path: &str, n: &str| format!("{id:<8}  {path:<16}  {n:>5}\n");
        let rows = [
            row("ID", "PATH", "N"),
            row("0f0a6a52", "/home/dev/a/ver…", "12"),
            row("0f0a6a53", "/short", "1,234"),
        ];
        assert_eq!(table.render(screen(33)), rows.concat());
        assert!(!table.render(screen(30)).contains("1,234"), "too narrow for numbers");
    }

    #[test]
    fn columns_without_anything_are_left_out() {
        let mut table = Table::new([Column::text("A"), Column::text("B"), Column::text("C")]);
        table.row(["a".into(), "".into(), "c".into()]);
        assert_eq!(table.render(Screen::plain(None)), "A  C\na  c\n");
    }
}
