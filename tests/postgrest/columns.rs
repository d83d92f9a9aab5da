//! A table of many columns with long names: their names alone are longer than a URL may be.

use crate::server::Server;
use chronicle::Repository;
use sea_orm::entity::prelude::*;
use sea_orm::{EntityTrait, Iterable};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "wides")]
#[repository(name = "Wide")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    #[sea_orm(column_name = "the_000_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c000: Option<i32>,
    #[sea_orm(column_name = "the_001_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c001: Option<i32>,
    #[sea_orm(column_name = "the_002_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c002: Option<i32>,
    #[sea_orm(column_name = "the_003_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c003: Option<i32>,
    #[sea_orm(column_name = "the_004_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c004: Option<i32>,
    #[sea_orm(column_name = "the_005_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c005: Option<i32>,
    #[sea_orm(column_name = "the_006_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c006: Option<i32>,
    #[sea_orm(column_name = "the_007_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c007: Option<i32>,
    #[sea_orm(column_name = "the_008_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c008: Option<i32>,
    #[sea_orm(column_name = "the_009_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c009: Option<i32>,
    #[sea_orm(column_name = "the_010_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c010: Option<i32>,
    #[sea_orm(column_name = "the_011_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c011: Option<i32>,
    #[sea_orm(column_name = "the_012_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c012: Option<i32>,
    #[sea_orm(column_name = "the_013_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c013: Option<i32>,
    #[sea_orm(column_name = "the_014_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c014: Option<i32>,
    #[sea_orm(column_name = "the_015_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c015: Option<i32>,
    #[sea_orm(column_name = "the_016_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c016: Option<i32>,
    #[sea_orm(column_name = "the_017_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c017: Option<i32>,
    #[sea_orm(column_name = "the_018_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c018: Option<i32>,
    #[sea_orm(column_name = "the_019_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c019: Option<i32>,
    #[sea_orm(column_name = "the_020_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c020: Option<i32>,
    #[sea_orm(column_name = "the_021_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c021: Option<i32>,
    #[sea_orm(column_name = "the_022_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c022: Option<i32>,
    #[sea_orm(column_name = "the_023_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c023: Option<i32>,
    #[sea_orm(column_name = "the_024_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c024: Option<i32>,
    #[sea_orm(column_name = "the_025_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c025: Option<i32>,
    #[sea_orm(column_name = "the_026_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c026: Option<i32>,
    #[sea_orm(column_name = "the_027_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c027: Option<i32>,
    #[sea_orm(column_name = "the_028_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c028: Option<i32>,
    #[sea_orm(column_name = "the_029_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c029: Option<i32>,
    #[sea_orm(column_name = "the_030_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c030: Option<i32>,
    #[sea_orm(column_name = "the_031_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c031: Option<i32>,
    #[sea_orm(column_name = "the_032_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c032: Option<i32>,
    #[sea_orm(column_name = "the_033_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c033: Option<i32>,
    #[sea_orm(column_name = "the_034_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c034: Option<i32>,
    #[sea_orm(column_name = "the_035_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c035: Option<i32>,
    #[sea_orm(column_name = "the_036_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c036: Option<i32>,
    #[sea_orm(column_name = "the_037_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c037: Option<i32>,
    #[sea_orm(column_name = "the_038_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c038: Option<i32>,
    #[sea_orm(column_name = "the_039_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c039: Option<i32>,
    #[sea_orm(column_name = "the_040_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c040: Option<i32>,
    #[sea_orm(column_name = "the_041_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c041: Option<i32>,
    #[sea_orm(column_name = "the_042_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c042: Option<i32>,
    #[sea_orm(column_name = "the_043_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c043: Option<i32>,
    #[sea_orm(column_name = "the_044_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c044: Option<i32>,
    #[sea_orm(column_name = "the_045_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c045: Option<i32>,
    #[sea_orm(column_name = "the_046_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c046: Option<i32>,
    #[sea_orm(column_name = "the_047_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c047: Option<i32>,
    #[sea_orm(column_name = "the_048_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c048: Option<i32>,
    #[sea_orm(column_name = "the_049_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c049: Option<i32>,
    #[sea_orm(column_name = "the_050_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c050: Option<i32>,
    #[sea_orm(column_name = "the_051_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c051: Option<i32>,
    #[sea_orm(column_name = "the_052_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c052: Option<i32>,
    #[sea_orm(column_name = "the_053_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c053: Option<i32>,
    #[sea_orm(column_name = "the_054_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c054: Option<i32>,
    #[sea_orm(column_name = "the_055_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c055: Option<i32>,
    #[sea_orm(column_name = "the_056_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c056: Option<i32>,
    #[sea_orm(column_name = "the_057_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c057: Option<i32>,
    #[sea_orm(column_name = "the_058_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c058: Option<i32>,
    #[sea_orm(column_name = "the_059_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c059: Option<i32>,
    #[sea_orm(column_name = "the_060_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c060: Option<i32>,
    #[sea_orm(column_name = "the_061_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c061: Option<i32>,
    #[sea_orm(column_name = "the_062_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c062: Option<i32>,
    #[sea_orm(column_name = "the_063_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c063: Option<i32>,
    #[sea_orm(column_name = "the_064_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c064: Option<i32>,
    #[sea_orm(column_name = "the_065_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c065: Option<i32>,
    #[sea_orm(column_name = "the_066_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c066: Option<i32>,
    #[sea_orm(column_name = "the_067_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c067: Option<i32>,
    #[sea_orm(column_name = "the_068_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c068: Option<i32>,
    #[sea_orm(column_name = "the_069_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c069: Option<i32>,
    #[sea_orm(column_name = "the_070_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c070: Option<i32>,
    #[sea_orm(column_name = "the_071_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c071: Option<i32>,
    #[sea_orm(column_name = "the_072_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c072: Option<i32>,
    #[sea_orm(column_name = "the_073_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c073: Option<i32>,
    #[sea_orm(column_name = "the_074_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c074: Option<i32>,
    #[sea_orm(column_name = "the_075_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c075: Option<i32>,
    #[sea_orm(column_name = "the_076_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c076: Option<i32>,
    #[sea_orm(column_name = "the_077_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c077: Option<i32>,
    #[sea_orm(column_name = "the_078_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c078: Option<i32>,
    #[sea_orm(column_name = "the_079_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c079: Option<i32>,
    #[sea_orm(column_name = "the_080_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c080: Option<i32>,
    #[sea_orm(column_name = "the_081_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c081: Option<i32>,
    #[sea_orm(column_name = "the_082_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c082: Option<i32>,
    #[sea_orm(column_name = "the_083_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c083: Option<i32>,
    #[sea_orm(column_name = "the_084_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c084: Option<i32>,
    #[sea_orm(column_name = "the_085_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c085: Option<i32>,
    #[sea_orm(column_name = "the_086_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c086: Option<i32>,
    #[sea_orm(column_name = "the_087_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c087: Option<i32>,
    #[sea_orm(column_name = "the_088_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c088: Option<i32>,
    #[sea_orm(column_name = "the_089_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c089: Option<i32>,
    #[sea_orm(column_name = "the_090_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c090: Option<i32>,
    #[sea_orm(column_name = "the_091_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c091: Option<i32>,
    #[sea_orm(column_name = "the_092_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c092: Option<i32>,
    #[sea_orm(column_name = "the_093_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c093: Option<i32>,
    #[sea_orm(column_name = "the_094_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c094: Option<i32>,
    #[sea_orm(column_name = "the_095_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c095: Option<i32>,
    #[sea_orm(column_name = "the_096_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c096: Option<i32>,
    #[sea_orm(column_name = "the_097_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c097: Option<i32>,
    #[sea_orm(column_name = "the_098_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c098: Option<i32>,
    #[sea_orm(column_name = "the_099_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c099: Option<i32>,
    #[sea_orm(column_name = "the_100_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c100: Option<i32>,
    #[sea_orm(column_name = "the_101_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c101: Option<i32>,
    #[sea_orm(column_name = "the_102_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c102: Option<i32>,
    #[sea_orm(column_name = "the_103_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c103: Option<i32>,
    #[sea_orm(column_name = "the_104_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c104: Option<i32>,
    #[sea_orm(column_name = "the_105_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c105: Option<i32>,
    #[sea_orm(column_name = "the_106_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c106: Option<i32>,
    #[sea_orm(column_name = "the_107_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c107: Option<i32>,
    #[sea_orm(column_name = "the_108_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c108: Option<i32>,
    #[sea_orm(column_name = "the_109_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c109: Option<i32>,
    #[sea_orm(column_name = "the_110_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c110: Option<i32>,
    #[sea_orm(column_name = "the_111_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c111: Option<i32>,
    #[sea_orm(column_name = "the_112_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c112: Option<i32>,
    #[sea_orm(column_name = "the_113_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c113: Option<i32>,
    #[sea_orm(column_name = "the_114_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c114: Option<i32>,
    #[sea_orm(column_name = "the_115_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c115: Option<i32>,
    #[sea_orm(column_name = "the_116_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c116: Option<i32>,
    #[sea_orm(column_name = "the_117_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c117: Option<i32>,
    #[sea_orm(column_name = "the_118_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c118: Option<i32>,
    #[sea_orm(column_name = "the_119_column_of_a_table_whose_names_are_as_long_as_names_can")]
    pub c119: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

#[tokio::test]
async fn every_operation_works() {
    let server = Server::start().await;
    let columns: Vec<String> = Column::iter()
        .skip(1)
        .map(|column| format!("{} integer default 9", column.as_str()))
        .collect();
    assert!(columns.join(",").len() > 7_000);
    // A column more than the entity has.
    server
        .database
        .execute(&format!(
            "create table {} (id bigint primary key, more text default 'more', {});
             grant all on wides to service_role",
            Entity.table_name(),
            columns.join(", ")
        ))
        .await
        .unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let wides = Wides::new(server.client());
    let stored = wides.insert(NewWide::new(1).c000(1).c119(2)).await.unwrap();
    assert_eq!(wides.get(1).await.unwrap(), Some(stored), "what is not given is NULL");
    wides.insert_many((2..50).map(NewWide::new)).await.unwrap();
    assert!(!wides.insert_if_absent(NewWide::new(2)).await.unwrap());
    let mut changed = wides.upsert(NewWide::new(2).c001(7)).await.unwrap();
    assert_eq!(wides.get(2).await.unwrap().unwrap(), changed);
    changed.c002 = Some(8);
    assert_eq!(wides.update(2, WidePatch::new().c002(8)).await.unwrap(), 1);
    assert_eq!(wides.get(2).await.unwrap().unwrap(), changed);
    let found = wides.find().filter(Wides::ID.is_in(1..2_000)).all().await.unwrap();
    assert_eq!(found.len(), 49);
    let some = Wides::C000.eq(1).or(Wides::C001.eq(7));
    assert_eq!(wides.find().filter(some).order_by(Wides::C119.asc()).all().await.unwrap().len(), 2);
    assert_eq!(wides.update_where(Wides::ID.gt(40), WidePatch::new().c000(3)).await.unwrap(), 9);
    assert_eq!(wides.delete_where(Wides::C000.eq(3)).await.unwrap(), 9);
    let rows =
        server.database.query("select count(*) from wides where more = 'more'").await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("40"));
}
