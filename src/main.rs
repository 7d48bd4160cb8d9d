use std::sync::Arc;
fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let observer: Arc<dyn fonds::model::event::Observer + Send + Sync> = Arc::new(fonds::model::event::Silent);
    let archive = std::path::Path::new(&args[2]);
    match args[3].as_str() {
        "import" => {
            let import = fonds::jobs::Import { source: args[4].clone().into(), name: Some("museum".into()), missing: fonds::layout::MissingPayloads::Refuse, strictness: fonds::archive::Strictness::KeepFlawed };
            let imported = import.run(archive, &observer)?;
            println!("{:?} {:?}", imported.snapshot.added, imported.snapshot.counts);
        }
        _ => {
            let export = fonds::jobs::Export { snapshot: args[4].parse()?, destination: args[5].clone().into(), options: Default::default() };
            export.run(archive, &observer)?;
        }
    }
    Ok(())
}
