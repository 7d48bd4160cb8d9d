//! A plan, as people and programs read it.

use std::io;

use fonds::fylr::target::FileApi;
use fonds::jobs::restore::Plan;
use serde_json::{Value, json};

use crate::cli::format;
use crate::cli::session::Session;
use crate::cli::stderr::{self, Label};

/// Prints the plan.
pub fn tell_plan(plan: &Plan, session: &mut Session) -> io::Result<()> {
    let out = &mut session.out;
    out.line(format_args!("Restore of {} from {}", plan.backup, plan.source))?;
    let records: Vec<String> =
        plan.counts.iter().map(|(kind, count)| format!("{kind} {}", format::number(*count))).collect();
    out.line(format_args!("  items    {}", records.join(", ")))?;
    let files = &plan.files;
    let how = if plan.file_api == FileApi::None { "not at all".to_owned() } else { plan.file_api.name().to_owned() };
    out.line(format_args!(
        "  files    {} packed ({}), {} by URL ({}), {} stay elsewhere; those by URL go by {how}",
        format::number(files.packed),
        format::bytes(files.packed_bytes),
        format::number(files.remote),
        format::bytes(files.remote_bytes),
        format::number(files.staying)
    ))?;
    for note in &plan.notes {
        out.line(format_args!("  note     {}", format::printable(note)))?;
    }
    for target in &plan.targets {
        let name = if target.instance.is_empty() { &target.name } else { &target.instance };
        out.line(format_args!("To {} ({name}, {})", target.server, target.version))?;
        let there: Vec<String> = target
            .contents
            .objecttypes
            .iter()
            .map(|(name, count)| {
                count.map_or_else(|| name.clone(), |count| format!("{name} {}", format::number(count)))
            })
            .collect();
        let there = if there.is_empty() { "no data model".to_owned() } else { there.join(", ") };
        let verb = if target.is_purged { "DELETES" } else { "there" };
        out.line(format_args!("  {verb:<8} {there}"))?;
        if target.goes_on {
            out.line(format_args!("  goes on  with the restore that was begun there"))?;
        }
        for note in &target.notes {
            out.line(format_args!("  note     {}", format::printable(note)))?;
        }
    }
    Ok(())
}

/// Says what speaks against it.
pub fn refuse(plan: &Plan) {
    for refusal in &plan.refusals {
        stderr::say(Label::Error, refusal);
    }
    for target in &plan.targets {
        for refusal in &target.refusals {
            stderr::say(Label::Error, &format!("{}: {refusal}", target.server));
        }
    }
    stderr::say(Label::Hint, "nothing was touched");
}

pub fn view_plan(plan: &Plan) -> Value {
    let targets = plan.targets.iter().map(|target| {
        json!({
            "target": target.name,
            "server": target.server,
            "instance": target.instance,
            "version": target.version,
            "purges": target.is_purged,
            "continues": target.goes_on,
            "objecttypes": target.contents.objecttypes.iter().map(|(name, count)| json!({ "name": name, "records": count })).collect::<Vec<_>>(),
            "notes": target.notes,
            "refusals": target.refusals,
        })
    });
    json!({
        "backup": plan.backup,
        "source": plan.source,
        "counts": plan.counts,
        "files": {
            "packed": plan.files.packed,
            "packed_bytes": plan.files.packed_bytes,
            "by_url": plan.files.remote,
            "by_url_bytes": plan.files.remote_bytes,
            "elsewhere": plan.files.staying,
            "urls_expiring": plan.files.expiring,
            "urls_expired": plan.files.expired,
            "urls_end": plan.files.first_expiry.and_then(|end| Some(jiff::Timestamp::from_second(end).ok()?.to_string())),
        },
        "notes": plan.notes,
        "refusals": plan.refusals,
        "targets": targets.collect::<Vec<_>>(),
    })
}
