//! Prefix lists, and what rules that name them count for.

use super::tests::authorized;
use super::{Flow, groups_admit};
use crate::testing::{ec2, ec2_text, furnished, refused, state};

#[tokio::test]
async fn a_prefix_list_counts_with_the_entries_it_may_have() {
    let (simulator, network) = furnished().await;
    let list = |most: u8| {
        format!(
            "CreateManagedPrefixList&AddressFamily=IPv4&PrefixListName=clients&MaxEntries={most}\
             &Entry.1.Cidr=10.9.0.0/16"
        )
    };
    let id = ec2_text(&simulator, &list(40), "/prefixList/prefixListId").await;
    let entries = format!("GetManagedPrefixListEntries&PrefixListId={id}");
    let entries = ec2(&simulator, &entries).await.unwrap();
    assert_eq!(entries["entrySet"]["item"]["cidr"], "10.9.0.0/16");
    let named = |id: &str| format!("PrefixListIds.1.PrefixListId={id}");
    let nothing = [named("pl-0123456789abcdef0")];
    let refusal = authorized(&simulator, &network.group, &nothing).await;
    assert_eq!(refusal, Err("InvalidPrefixListID.NotFound".to_owned()));
    authorized(&simulator, &network.group, &[named(&id)])
        .await
        .unwrap();
    let other = ec2_text(&simulator, &list(21), "/prefixList/prefixListId").await;
    let beyond = authorized(&simulator, &network.group, &[named(&other)]).await;
    assert_eq!(beyond, Err("RulesPerSecurityGroupLimitExceeded".to_owned()));
    let state = state(&simulator);
    let groups = [network.group.clone()];
    let admits = |from: [u8; 4]| {
        let from = Flow {
            address: from.into(),
            groups: &[],
        };
        let to = Flow {
            address: [10, 0, 1, 9].into(),
            groups: &groups,
        };
        groups_admit(&state, from, to, 443)
    };
    assert!(admits([10, 9, 1, 1]) && !admits([10, 8, 1, 1]));
    let delete = format!("DeleteManagedPrefixList&PrefixListId={id}");
    refused(&simulator, &delete, "DependencyViolation").await;
}

#[tokio::test]
async fn a_prefix_list_has_a_new_version_when_its_entries_change() {
    let (simulator, network) = furnished().await;
    let create = "CreateManagedPrefixList&AddressFamily=IPv4&PrefixListName=clients&MaxEntries=3\
                  &Entry.1.Cidr=10.9.0.0/16&Entry.1.Description=one";
    let id = ec2_text(&simulator, create, "/prefixList/prefixListId").await;
    let modify = |change: &str| format!("ModifyManagedPrefixList&PrefixListId={id}&{change}");
    for (change, code) in [
        ("AddEntry.1.Cidr=10.8.0.0/16", "MissingParameter"),
        (
            "AddEntry.1.Cidr=10.8.0.0/16&CurrentVersion=2",
            "PrefixListVersionMismatch",
        ),
        (
            "AddEntry.1.Cidr=10.8.0.0/16&CurrentVersion=1&MaxEntries=9",
            "InvalidParameterValue",
        ),
        (
            "RemoveEntry.1.Cidr=10.7.0.0/16&CurrentVersion=1",
            "InvalidParameterValue",
        ),
        ("MaxEntries=0", "InvalidParameterValue"),
    ] {
        refused(&simulator, &modify(change), code).await;
    }
    let change = "AddEntry.1.Cidr=10.8.0.0/16&AddEntry.1.Description=two\
                  &RemoveEntry.1.Cidr=10.9.0.0/16&CurrentVersion=1&PrefixListName=others";
    let changed = ec2(&simulator, &modify(change)).await.unwrap();
    let list = &changed["prefixList"];
    assert_eq!(
        (&list["version"], &list["state"], &list["prefixListName"]),
        (&"2".into(), &"modify-complete".into(), &"others".into())
    );
    let entries = format!("GetManagedPrefixListEntries&PrefixListId={id}");
    let entries = ec2(&simulator, &entries).await.unwrap();
    let entry = &entries["entrySet"]["item"];
    assert_eq!(
        (&entry["cidr"], &entry["description"]),
        (&"10.8.0.0/16".into(), &"two".into())
    );
    // Beyond what the groups that name it can bear, the change fails and the list stays as it was.
    let named = format!("PrefixListIds.1.PrefixListId={id}");
    authorized(&simulator, &network.group, &[named])
        .await
        .unwrap();
    let state = ec2_text(&simulator, &modify("MaxEntries=61"), "/prefixList/state").await;
    assert_eq!(state, "modify-failed");
    let describe = format!("DescribeManagedPrefixLists&PrefixListId.1={id}");
    let most = ec2_text(&simulator, &describe, "/prefixListSet/item/maxEntries").await;
    assert_eq!(most, "3");
}
