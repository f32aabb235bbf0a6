//! Which network addresses may be contacted, and the resolver that holds to it.
//!
//! A name is resolved once, every address is checked, and the connection goes to a checked
//! address: a name that resolves to a public address first and to the loopback later gains
//! nothing.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// A block of addresses, such as `127.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

/// The text is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no block of addresses; write it like 127.0.0.0/8 or ::1")]
pub struct NotACidr(String);

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let error = || NotACidr(text.to_owned());
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| error())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| error())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(error());
        }
        Ok(Cidr { base, bits })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl Cidr {
    /// Whether the address is in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, plain(address)) {
            (IpAddr::V4(base), IpAddr::V4(address)) => same_start(
                u128::from(u32::from(base)),
                u128::from(u32::from(address)),
                32,
                self.bits,
            ),
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same_start(u128::from(base), u128::from(address), 128, self.bits)
            }
            _ => false,
        }
    }
}

fn same_start(one: u128, other: u128, width: u8, bits: u8) -> bool {
    bits == 0 || (one ^ other) >> (width - bits) == 0
}

/// The IPv4 address inside an IPv4-mapped IPv6 address.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether an address is one of the public internet, by itself and by any IPv4 address it embeds.
///
/// Source: IANA special-purpose address registries for IPv4 and IPv6.
pub fn is_public(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(a, 0 | 10 | 127 | 224..=255)
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 0 && matches!(c, 0 | 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 192 && b == 168)
        || (a == 198 && (18..20).contains(&b))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    // Only 2000::/3 is handed out; the rest is loopback, local, multicast or translation.
    if s[0] & 0xe000 != 0x2000 {
        // 64:ff9b::/96 carries an IPv4 address that a translator would contact.
        return false;
    }
    // 2001::/23 holds Teredo, benchmarking and others; 2001:db8::/32 and 3fff::/20 are for books.
    if (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8)) || (s[0] == 0x3fff && s[1] < 0x1000) {
        return false;
    }
    // 2002::/16 (6to4) embeds an IPv4 address.
    if s[0] == 0x2002 {
        return false;
    }
    true
}

/// Who may be contacted: everything for what the user typed, else public addresses and the blocks
/// that a flag opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRule {
    /// Opened blocks; `None` means every address is open.
    open: Option<Vec<Cidr>>,
}

impl AddressRule {
    /// Every address may be contacted.
    pub fn everything() -> Self {
        AddressRule { open: None }
    }

    /// Public addresses, and those in `open`.
    pub fn public_and(open: &[Cidr]) -> Self {
        AddressRule {
            open: Some(open.to_vec()),
        }
    }

    /// Whether the address may be contacted.
    pub fn allows(&self, address: IpAddr) -> bool {
        match &self.open {
            None => true,
            Some(open) => is_public(address) || open.iter().any(|block| block.contains(address)),
        }
    }
}

/// Every address of a name is forbidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {address}, which is no public address")]
pub struct Blocked {
    /// The host asked for.
    pub host: String,
    /// The first address that was refused.
    pub address: IpAddr,
}

/// The name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name {host} has no address ({reason})")]
pub struct NoAddress {
    /// The host asked for.
    pub host: String,
    /// What the resolver said.
    pub reason: String,
}

/// Turns a name into addresses; replaced in tests.
pub trait Lookup: Send + Sync + fmt::Debug {
    /// The addresses of `host`, with port 0.
    fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        use std::net::ToSocketAddrs;
        Ok((host, 0).to_socket_addrs()?.map(|a| a.ip()).collect())
    }
}

/// A resolver that hands out only addresses that the rule allows.
#[derive(Debug, Clone)]
pub struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    rule: AddressRule,
}

impl GuardedResolver {
    /// A resolver over `lookup` that holds to `rule`.
    pub fn new(lookup: Arc<dyn Lookup>, rule: AddressRule) -> Self {
        GuardedResolver { lookup, rule }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let asked = host.clone();
            let found = tokio::task::spawn_blocking(move || resolver.lookup.lookup(&asked)).await?;
            let no_address = |reason: String| NoAddress {
                host: host.clone(),
                reason,
            };
            let found = found.map_err(|e| no_address(e.to_string()))?;
            let Some(first) = found.first().copied() else {
                return Err(no_address("none was given".to_owned()).into());
            };
            // One forbidden address among public ones is reason enough for distrust.
            if let Some(bad) = found.iter().find(|a| !resolver.rule.allows(**a)) {
                return Err(Blocked {
                    host,
                    address: *bad,
                }
                .into());
            }
            tracing::debug!(%host, %first, "resolved");
            let addresses: Addrs =
                Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "100.64.10.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::8",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_flag_opens_exactly_what_it_names() {
        let rule = AddressRule::public_and(&["127.0.0.0/8".parse().unwrap()]);
        assert!(rule.allows("127.9.9.9".parse().unwrap()));
        assert!(rule.allows("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!rule.allows("::1".parse().unwrap()));
        assert!(!rule.allows("10.0.0.1".parse().unwrap()));
        for bad in ["", "x", "1.2.3.4/33", "::/129", "1.2.3.4/-1"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }
}
