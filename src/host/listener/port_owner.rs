//! Who holds a port: a help for the person, nothing depends on it (conformance E-08).

/// The program that listens on this port, as `node (4121)`; `None` when it is another user's or
/// the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn find(_port: u16) -> Option<String> {
    None
}

/// The program that listens on this port, as `node (4121)`; `None` when it is another user's or
/// the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn find(port: u16) -> Option<String> {
    linux::find(port)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    use crate::model::Untrusted;

    /// State `LISTEN` in the kernel's table.
    const LISTEN: &str = "0A";

    pub(super) fn find(port: u16) -> Option<String> {
        let wanted: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .into_iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| listening_inodes(&table, port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        if wanted.is_empty() {
            return None;
        }
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            holds(&entry.path(), &wanted).then(|| named(&entry.path(), pid))
        })
    }

    fn listening_inodes(table: &str, port: u16) -> Vec<String> {
        let ending = format!(":{port:04X}");
        table
            .lines()
            .skip(1)
            .filter_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let here = fields.get(1)?.ends_with(&ending) && *fields.get(3)? == LISTEN;
                here.then(|| fields.get(9).map(|&inode| inode.to_owned()))?
            })
            .collect()
    }

    fn holds(process: &Path, wanted: &[String]) -> bool {
        let Ok(open) = fs::read_dir(process.join("fd")) else {
            return false;
        };
        open.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|target| {
                wanted
                    .iter()
                    .any(|socket| target.as_os_str() == socket.as_str())
            })
        })
    }

    fn named(process: &Path, pid: u32) -> String {
        let name = fs::read(process.join("comm")).unwrap_or_default();
        let name = Untrusted::from_bytes(name.trim_ascii_end()).shown();
        format!("{name} ({pid})")
    }

    #[cfg(test)]
    mod tests {
        use std::net::TcpListener;

        use super::*;

        #[test]
        fn e_08_the_owner_of_a_port_is_named() {
            let socket = TcpListener::bind("127.0.0.1:0").expect("bind");
            let port = socket.local_addr().expect("address").port();
            let owner = find(port).expect("our own process is readable");
            let pid = std::process::id();
            assert!(owner.ends_with(&format!(" ({pid})")), "{owner}");
        }
    }
}
