//! Prints the screens.

use super::tables::audit::AuditLog;
use super::tables::product::Products;
use super::{Result, screens};
use chronicle::Store;
use std::io::Write;

/// All screens, a line or a few each.
pub(crate) async fn all(store: &Store, output: &mut dyn Write) -> Result<()> {
    for text in ["änn", "ANN"] {
        let found = screens::search(store, text).await?;
        let names: Vec<_> = found.iter().map(|customer| customer.name.as_str()).collect();
        writeln!(output, "search {text}       {}", names.join(", "))?;
    }
    let mut after = None;
    for number in 1.. {
        let page = screens::page(store, after).await?;
        let names: Vec<_> = page.rows.iter().map(|customer| customer.name.as_str()).collect();
        writeln!(output, "page {number}           {}", names.join(", "))?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let stock = Products::new(store).find().order_by(Products::NAME.asc()).all().await?;
    let stock: Vec<_> = stock.iter().map(|one| format!("{} {}", one.stock, one.name)).collect();
    writeln!(output, "stock            {}", stock.join(", "))?;
    for (status, (orders, cents)) in screens::totals(store).await? {
        writeln!(output, "total            {orders} {status:?}, {}", euros(cents))?;
    }
    for (order, customer, items) in screens::newest(store).await? {
        let name = customer.map_or_else(|| "?".to_owned(), |customer| customer.name);
        let items = items.iter().map(|item| format!("{} {}", item.pieces, item.product_name));
        let items: Vec<_> = items.collect();
        let (status, sum) = (order.status, euros(order.cents.into()));
        writeln!(output, "order            {status:?}, {sum}, {name}: {}", items.join(", "))?;
    }
    let entries = AuditLog::new(store).find().order_by(AuditLog::CREATED_AT.asc()).all().await?;
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.what).collect();
    Ok(writeln!(output, "log              {}", entries.join("; "))?)
}

fn euros(cents: i128) -> String {
    format!("{}.{:02} €", cents / 100, cents % 100)
}
