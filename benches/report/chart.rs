//! Plots, as SVG on a white ground.

use crate::measure::Result;
use crate::way::Way;
use plotters::coord::Shift;
use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::{
    BLACK, ChartBuilder, Circle, Cross, DrawingArea, IntoDrawingArea, IntoLogRange, LineSeries,
    PathElement, RGBColor, Rectangle, SVGBackend, TRANSPARENT, Text, WHITE,
};
use plotters::style::{Color, IntoFont, TextStyle};
use std::ops::Range;
use std::path::Path;

const SIZE: (u32, u32) = (920, 380);
/// For the names of the ways, above the plots.
const LEGEND: i32 = 30;
const GRID: RGBColor = RGBColor(225, 225, 225);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One plot: both its axes are logarithmic.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) by: &'static str,
    pub(crate) lines: Vec<(Way, Vec<(f64, f64)>)>,
}

/// What happened in a short time: the slowest write in it, in milliseconds, and whether one failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slowest {
    pub(crate) second: f64,
    pub(crate) milliseconds: f64,
    pub(crate) failed: bool,
}

/// The slowest writes of each way, by time.
#[derive(Debug)]
pub(crate) struct TimeLine {
    pub(crate) title: String,
    pub(crate) outage: Range<f64>,
    pub(crate) end: f64,
    pub(crate) ways: Vec<(Way, Vec<Slowest>)>,
}

/// Draws plots side by side.
pub(crate) fn panels(path: &Path, panels: &[Panel]) -> Result<()> {
    let mut ways: Vec<Way> = Vec::new();
    for (way, points) in panels.iter().flat_map(|panel| &panel.lines) {
        if !ways.contains(way) && !points.is_empty() {
            ways.push(*way);
        }
    }
    draw(path, &ways, |area| {
        for (area, panel) in area.split_evenly((1, panels.len())).iter().zip(panels) {
            draw_panel(area, panel)?;
        }
        Ok(())
    })
}

fn draw(path: &Path, ways: &[Way], plot: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<()> {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (legend, below) = root.split_vertically(LEGEND);
    let mut x = 70;
    for way in ways {
        let bar = Rectangle::new([(x, 14), (x + 22, 18)], way.color().filled());
        legend.draw(&bar)?;
        legend.draw(&Text::new(way.name(), (x + 28, 9), font(14)))?;
        x += 50 + 7 * way.name().len() as i32;
    }
    plot(&below)?;
    root.present()?;
    drop((legend, below, root));
    Ok(std::fs::write(path, svg)?)
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&BLACK)
}

fn draw_panel(area: &Area<'_>, panel: &Panel) -> Result<()> {
    let points = || panel.lines.iter().flat_map(|(_, points)| points);
    let x = around(points().map(|point| point.0), 1.15);
    let y = around(points().map(|point| point.1), 1.4);
    let mut numbers: Vec<f64> = points().map(|point| point.0).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    let labels = round_numbers(&y);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(20)
        .caption(&panel.title, font(15))
        .x_label_area_size(38)
        .y_label_area_size(56)
        .build_cartesian_2d(
            x.log_scale().with_key_points(numbers),
            y.log_scale().with_key_points(labels),
        )?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_labels(8)
        .y_labels(8)
        .x_desc(panel.by)
        .label_style(font(13))
        .axis_desc_style(font(13))
        .x_label_formatter(&|number| short(*number))
        .y_label_formatter(&|number| short(*number))
        .draw()?;
    for (way, points) in &panel.lines {
        let style = way.color().stroke_width(if *way == Way::Ours { 3 } else { 2 });
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
        let dots = points.iter().map(|point| Circle::new(*point, 4, way.color().filled()));
        chart.draw_series(dots)?;
    }
    Ok(())
}

/// Draws the time line: a dot is the slowest write of a short time, a cross if one failed.
pub(crate) fn time_line(path: &Path, line: &TimeLine) -> Result<()> {
    let ways: Vec<Way> = line.ways.iter().map(|(way, _)| *way).collect();
    draw(path, &ways, |area| {
        let points = || line.ways.iter().flat_map(|(_, points)| points);
        let y = around(points().map(|point| point.milliseconds), 2.0);
        let (low, high) = (y.start, y.end);
        let labels = round_numbers(&y);
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(20)
            .caption(&line.title, font(15))
            .x_label_area_size(38)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..line.end, y.log_scale().with_key_points(labels))?;
        let gone = [(line.outage.start, low), (line.outage.end, high)];
        chart.draw_series([Rectangle::new(gone, RGBColor(245, 240, 232).filled())])?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .x_desc("seconds; the server is gone where the ground is shaded")
            .label_style(font(13))
            .axis_desc_style(font(13))
            .x_label_formatter(&|number| short(*number))
            .y_label_formatter(&|number| short(*number))
            .draw()?;
        for border in [line.outage.start, line.outage.end] {
            let path = vec![(border, low), (border, high)];
            chart.draw_series([PathElement::new(path, BLACK.mix(0.5))])?;
        }
        for (way, points) in &line.ways {
            let place = |point: &Slowest| (point.second, point.milliseconds);
            let taken = points.iter().filter(|point| !point.failed);
            let dots = taken.map(|point| Circle::new(place(point), 3, way.color().filled()));
            chart.draw_series(dots)?;
            let failed = points.iter().filter(|point| point.failed);
            let crosses = failed.map(|point| Cross::new(place(point), 4, way.color()));
            chart.draw_series(crosses)?;
        }
        Ok(())
    })
}

/// A range with room around the numbers.
fn around(numbers: impl Iterator<Item = f64>, room: f64) -> Range<f64> {
    let (low, high) = numbers
        .filter(|number| *number > 0.0)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), number| (low.min(number), high.max(number)));
    if low.is_finite() { low / room..high * room } else { 1.0..10.0 }
}

/// Powers of ten in a range; where those are few, some times them as well.
fn round_numbers(range: &Range<f64>) -> Vec<f64> {
    let (first, last) = (range.start.log10().floor() as i32, range.end.log10().ceil() as i32);
    let steps: &[f64] = match range.end / range.start {
        ..12.0 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
        ..300.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let numbers =
        (first..=last).flat_map(|power| steps.iter().map(move |by| by * 10_f64.powi(power)));
    numbers.filter(|number| range.contains(number)).collect()
}

fn short(number: f64) -> String {
    match number {
        number if number >= 999_999.0 => format!("{:.0}M", number / 1e6),
        number if number >= 10_000.0 => format!("{:.0}k", number / 1e3),
        number if number >= 999.0 => format!("{}k", (number / 100.0).round() / 10.0),
        number if number >= 9.9 => format!("{number:.0}"),
        number => format!("{}", (number * 100.0).round() / 100.0),
    }
}
