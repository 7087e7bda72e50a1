//! `binnacle export` and `binnacle import`: all that the database keeps, in one file, and into another database.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, IsTerminal, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use clap::Args;

use super::{
    Exit, Failure,
    backup::ended,
    draw::write,
    user::{DatabaseArgs, command_line, failed},
};
use crate::store::{Checked, Section, Store, StoreError, TransferError, check, import};

#[derive(Args)]
pub(super) struct ExportArgs {
    /// File to write, which must not be there yet; - for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The file; - for standard input.
    file: PathBuf,
    /// Only check the file, say what it holds, and touch no database.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run_export(args: ExportArgs) -> Result<(), Failure> {
    let place = args.database.place()?;
    let version = Store::found(&place).await.map_err(failed)?.ok_or_else(|| {
        (Exit::Usage, format!("there is no database at {place}: name its folder with --data, or its address"))
    })?;
    if Store::versions().all(|known| known != version) {
        return Err(failed(StoreError::Newer { place: place.to_string(), version }));
    }
    // As it is: an export upgrades nothing.
    let store = Store::open_at(&place, Some(version)).await.map_err(failed)?;
    let output = args.output;
    if output.as_os_str() == "-" {
        let out = io::stdout();
        if out.is_terminal() {
            return Err((Exit::Usage, "a terminal shows no export: name a file, or send it on with |".into()));
        }
        remember(&store, "standard output").await?;
        let (sections, bytes) = exported(&store, out).await?;
        eprintln!("{}", told("standard output", &sections, bytes));
        return Ok(());
    }
    let unwritten = |error: io::Error| {
        (Exit::Failed, format!("cannot write {}: {error}. Name another file with --output", output.display()))
    };
    // Password hashes are in it.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&output).map_err(unwritten)?;
    let written = async {
        remember(&store, &output.display().to_string()).await?;
        let written = exported(&store, &file).await?;
        file.sync_all().map_err(unwritten)?;
        Ok(written)
    };
    match written.await {
        Ok((sections, bytes)) => {
            let shown = output.display().to_string();
            write(None, &format!("{}\n", told(&shown, &sections, bytes)))
        }
        Err(why) => {
            let _ = fs::remove_file(&output);
            Err(why)
        }
    }
}

/// Before anything is written. A database that takes no changes can still be saved from a disk that fails.
async fn remember(store: &Store, target: &str) -> Result<(), Failure> {
    match store.remember(&command_line().entry("database.export", target, "", true, "")).await {
        Ok(_) => Ok(()),
        Err(error @ (StoreError::Full(_) | StoreError::ReadOnly(_))) => {
            eprintln!("binnacle: this export is not in the audit: {error}");
            Ok(())
        }
        Err(error) => Err(failed(error)),
    }
}

async fn exported(store: &Store, to: impl Write + Send) -> Result<(Vec<Section>, u64), Failure> {
    let mut to = Counted { to: BufWriter::new(to), bytes: 0 };
    let exported = tokio::select! {
        exported = store.export(jiff::Timestamp::now(), &mut to) => exported.map_err(|error| refused(None, &error)),
        () = ended() => Err((Exit::Failed, "the export was ended before its end; nothing of it stays".into())),
    };
    Ok((exported?.1, to.bytes))
}

/// Counts what is written.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn told(file: &str, sections: &[Section], bytes: u64) -> String {
    let rows: u64 = sections.iter().map(|section| section.rows).sum();
    format!(
        "{file}: {rows} rows of {} tables, {bytes} bytes. Password hashes and keys are in it: keep it as safe as the \
         database",
        sections.len()
    )
}

pub(super) async fn run_import(args: ImportArgs) -> Result<(), Failure> {
    let shown = if args.file.as_os_str() == "-" { "standard input".into() } else { args.file.display().to_string() };
    let opened = if args.file.as_os_str() == "-" { spooled() } else { File::open(&args.file) };
    let mut file = opened.map_err(|error| (Exit::Usage, format!("{shown} cannot be read: {error}")))?;
    if args.check {
        let checked = check(&file).map_err(|error| refused(Some(&shown), &error))?;
        return write(None, &scene::readable(&listed(&checked)));
    }
    let place = args.database.place_to_make()?;
    let entry = command_line().entry("database.import", &shown, "", true, "");
    let imported = tokio::select! {
        imported = import(&place, &mut file, &entry) => imported.map_err(|error| refused(Some(&shown), &error))?,
        () = ended() => return Err((Exit::Failed, "the import was ended before its end; nothing was imported".into())),
    };
    if imported.replaced > 0 {
        let texts = imported.replaced;
        eprintln!(
            "binnacle: {texts} texts held the character NUL, which PostgreSQL does not take; U+FFFD stands there"
        );
    }
    write(None, &scene::readable(&format!("{}into {place}\n", listed(&imported.checked))))
}

/// A pipe cannot be read twice, as it is: first to check it, then to import it. The copy has no name.
fn spooled() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("binnacle-import-{}", crate::access::random::<8>()));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn listed(checked: &Checked) -> String {
    let header = &checked.header;
    let mut text = format!(
        "an export of {} by Binnacle {}, from {}, at version {} of the database\n",
        header.at, header.version, header.from, header.schema
    );
    for section in checked.sections.iter().filter(|section| section.rows > 0) {
        text += &format!("{:>9} rows of {}\n", section.rows, section.table);
    }
    text
}

/// A file that is wrong is a mistake of whoever names it; the rest did not work.
fn refused(file: Option<&str>, error: &TransferError) -> Failure {
    match (error, file) {
        (TransferError::Store(error), _) => failed(error.clone()),
        (TransferError::Occupied(_) | TransferError::Used | TransferError::Ahead { .. }, _) => {
            (Exit::Usage, error.to_string())
        }
        (_, Some(file)) => (Exit::Usage, format!("{file}: {error}; nothing was imported")),
        (_, None) => (Exit::Failed, error.to_string()),
    }
}
