//! The project that the application talks to: PostgreSQL, PostgREST behind a gateway, and the auth.

use super::Result;
use super::auth;
use super::tables::customer::{Customers, NewCustomer};
use super::tables::order::{NewOrder, Orders, Status};
use super::tables::product::{NewProduct, Products};
use super::tables::{TABLES, audit, customer, item, order, product};
use chronicle::postgrest::{Key, PostgrestOptions, TokenSource};
use chronicle::uuid::Uuid;
use chronicle::{Keyed, Postgrest, Repository, Sqlite, Store, postgres_script};
use chronicle_test_servers::{Gateway, PUBLISHABLE_KEY, Postgres, Postgrest as Server};

/// Orders and entries of the log are their user's; the rest is everybody's who has signed in.
const POLICIES: &str = "
    create function me() returns uuid language sql stable as
        $$ select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid $$;
    create policy all_of_it on customers for all to authenticated using (true) with check (true);
    create policy all_of_it on products for all to authenticated using (true) with check (true);
    create policy own on orders for all to authenticated
        using (user_id = (select me())) with check (user_id = (select me()));
    create policy own on items for all to authenticated
        using (exists (select from orders where id = order_id));
    create policy own on audit_log for all to authenticated
        using (user_id = (select me())) with check (user_id = (select me()));";

pub(crate) struct Servers {
    pub(crate) gateway: Gateway,
    /// Where the auth answers.
    pub(crate) auth: String,
    server: Server,
}

impl Servers {
    pub(crate) async fn start() -> Result<Self> {
        let database = Postgres::shared().await?.create_database().await?;
        database.execute(&postgres_script(&TABLES)?).await?;
        database.execute(POLICIES).await?;
        database.execute(chronicle_migration::chronicle_apply::UP).await?;
        let server = Server::start(&database).await?;
        let gateway = Gateway::supabase(&server).await?;
        let servers = Self { gateway, auth: auth::start().await?, server };
        servers.fill().await?;
        Ok(servers)
    }

    /// How the application reaches it: as whoever is signed in.
    pub(crate) fn options(&self, session: impl TokenSource) -> PostgrestOptions {
        PostgrestOptions::new(self.gateway.url(), Key::new(PUBLISHABLE_KEY))
            .token_source(session)
            .probe_table("customers")
    }

    /// A trusted service of the shop: it sees every row, and no outage.
    pub(crate) fn office(&self) -> Result<Store> {
        Ok(Postgrest::new(self.server.url(), Key::new(self.server.service_key()))?.into())
    }

    async fn fill(&self) -> Result<()> {
        let office = self.office()?;
        let names = ["Zoë", "Grace", "Hannah", "ÄNNE", "Joan", "Anna", "Edsger"];
        let customers = Customers::new(&office).insert_many(names.map(NewCustomer::new)).await?;
        let products = [("cup", 950, 12), ("pot", 3_200, 3), ("tea", 450, 100)];
        let products = products.map(|(name, cents, stock)| NewProduct::new(name, cents, stock));
        Products::new(&office).insert_many(products).await?;
        // A colleague's order, which the user shall not see.
        let colleague = NewOrder::new(Uuid::now_v7(), customers[0], Status::Paid, 99_999);
        Orders::new(&office).insert(colleague).await?;
        Ok(())
    }
}

/// Whether the file holds the rows that the user may see at the server.
pub(crate) async fn are_equal(file: &Sqlite, remote: &Postgrest) -> Result<bool> {
    Ok(rows_are_equal::<customer::Model>(file, remote).await?
        && rows_are_equal::<product::Model>(file, remote).await?
        && rows_are_equal::<order::Model>(file, remote).await?
        && rows_are_equal::<item::Model>(file, remote).await?
        && rows_are_equal::<audit::Model>(file, remote).await?)
}

async fn rows_are_equal<R: Keyed + PartialEq>(file: &Sqlite, remote: &Postgrest) -> Result<bool> {
    let file = Repository::<R>::new(file).find().all().await?;
    Ok(file == Repository::<R>::new(remote).find().all().await?)
}
